// A tracker inside a program of one's own: only chosen torrents are tracked, and other requests go to the program.
import { createTracker } from 'swarmpress';

const tracker = await createTracker(
  { port: 6969, interval: 900 },
  {
    fallback: (_request, response) => {
      response.end('This is the tracker of example.org.\n');
    },
  },
);
console.log(tracker.announceUrls('tracker.example.org').join('\n'));
