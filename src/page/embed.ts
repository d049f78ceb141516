// The script for other websites: makes <swarmpress-download> known, and does nothing else.
import { defineDownloadElement } from './download-element.ts';

defineDownloadElement();
