// A plain web server on a host: what BitTorrent is measured against, and a web seed's other end.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Host } from './network.ts';
import { until } from './processes.ts';

/** Serves a folder; resolves with its URL, which ends in a slash. */
export async function startNginx(host: Host, folder: string): Promise<string> {
  const own = await host.stage.makeFolder('nginx');
  const config = join(own, 'nginx.conf');
  await writeFile(
    config,
    `worker_processes 1; pid ${own}/pid; error_log ${own}/error.log; daemon off;
events { worker_connections 1024; }
http {
  access_log off; sendfile on; tcp_nopush on;
  client_body_temp_path ${own}; proxy_temp_path ${own}; fastcgi_temp_path ${own};
  uwsgi_temp_path ${own}; scgi_temp_path ${own};
  server { listen ${host.address}:8080; root ${folder}; }
}
user root;
`,
  );
  const process = host.start(['nginx', '-c', config, '-p', own]);
  const url = `http://${host.address}:8080/`;
  await until('nginx to listen', () =>
    host.run(['curl', '--silent', '--max-time', '1', '--output', '/dev/null', url]).catch(() => {
      if (process.output.includes('[emerg]')) throw new Error(process.output);
      return undefined;
    }),
  );
  return url;
}
