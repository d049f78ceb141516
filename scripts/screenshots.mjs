// Takes the pictures in docs/screenshots anew: `npm run build && node scripts/screenshots.mjs [SET...]`, all sets without
// names: page, operator, catalogue, tracker. Needs Chromium.
import { createJiti } from 'jiti';

const { main } = await createJiti(import.meta.url).import('../test/support/screenshots.ts');
await main(process.argv.slice(2));
