/**
 * A real server on loopback that answers as a test tells it: with node:http for answers, with the bare socket for
 * everything that no HTTP library would send.
 */
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';

export interface Seen {
  method: string;
  path: string;
  headers: http.IncomingHttpHeaders;
  body: string;
  at_ms: number;
}

export interface Scripted {
  base_url: string;
  seen: Seen[];
  close(): Promise<void>;
}

export type Script = (request: Seen, response: http.ServerResponse, socket: net.Socket) => void;

export async function serve(script: Script): Promise<Scripted> {
  const seen: Seen[] = [];
  const server = http.createServer((request, response) => {
    const at_ms = performance.now();
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const entry: Seen = {
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
        at_ms,
      };
      seen.push(entry);
      script(entry, response, request.socket);
    });
  });
  const base_url = await listen(server);
  return {
    base_url,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A server that sees the first bytes of every connection and does with the socket what it likes. */
export async function serveRaw(onBytes: (socket: net.Socket) => void): Promise<Scripted> {
  const sockets = new Set<net.Socket>();
  const seen: Seen[] = [];
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.once('data', (bytes) => {
      seen.push({
        method: '',
        path: '',
        headers: {},
        body: bytes.toString('latin1'),
        at_ms: performance.now(),
      });
      onBytes(socket);
    });
  });
  const base_url = await listen(server);
  return {
    base_url,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

async function listen(server: net.Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return `http://127.0.0.1:${address.port}`;
}

export function json(
  response: http.ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

/** A port on which nobody listens. */
export async function deadUrl(): Promise<string> {
  const server = await serveRaw(() => {});
  await server.close();
  return server.base_url;
}
