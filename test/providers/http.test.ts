import { createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { classifyFailure, createHttp, type Http, type HttpRequest } from '../../src/providers/http.ts';
import { deadUrl, json, type Scripted, serve, serveRaw } from './scripted-server.ts';

// Self-signed for localhost, until 2126; made for this test, and protecting nothing.
const CERTIFICATE = [
  '-----BEGIN CERTIFICATE-----',
  'MIIBmjCCAUGgAwIBAgIUT/hoF3layO2pjdSFhRcVFXb+zq8wCgYIKoZIzj0EAwIw',
  'FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTEwMzIyMFoYDzIxMjYxMDI4',
  'MTAzMjIwWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO',
  'PQMBBwNCAASvlov++1GjGTvm43Ebmb4fVILPO4gnBh7CT/QBm/BBVvm+jt+xzr3C',
  'c5QzQZ48qbhZdEALyr3oWELfVJchwsu9o28wbTAdBgNVHQ4EFgQUmf4Re3u/ahtt',
  '0c4WxnQfcUXBpccwHwYDVR0jBBgwFoAUmf4Re3u/ahtt0c4WxnQfcUXBpccwDwYD',
  'VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI',
  'zj0EAwIDRwAwRAIgWJyLPd6QmZ+QYcYCAU8600jrnnpBUmpOdQ/ntJXetW0CIGtX',
  '7lkawN/tj9pVaJBbzPjmWCNUrTlhv3oigphhJFGI',
  '-----END CERTIFICATE-----',
].join('\n');
const CERTIFICATE_KEY = [
  '-----BEGIN PRIVATE KEY-----',
  'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgWzN87XikSjG6+lrr',
  'vNsMjhTkgdL3+mTHav3AE0vSHoahRANCAASvlov++1GjGTvm43Ebmb4fVILPO4gn',
  'Bh7CT/QBm/BBVvm+jt+xzr3Cc5QzQZ48qbhZdEALyr3oWELfVJchwsu9',
  '-----END PRIVATE KEY-----',
].join('\n');

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of opened.splice(0)) await thing.close();
});

function keep<T extends { close(): Promise<void> }>(thing: T): T {
  opened.unshift(thing);
  return thing;
}

function client(server: { base_url: string }, timeout_ms = 5_000): Http {
  return keep(createHttp({ base_url: server.base_url, timeout_ms }));
}

const POST: HttpRequest = {
  method: 'POST',
  path: '/x',
  headers: { 'content-type': 'application/json' },
  body: '{"a":1}',
};

async function answerOf(bytes: string | Buffer, end: 'fin' | 'reset' | 'open' = 'fin', timeout_ms = 5_000) {
  const server = keep(
    await serveRaw((socket) => {
      socket.write(bytes, () => {
        if (end === 'fin') socket.end();
        if (end === 'reset') socket.resetAndDestroy();
      });
    }),
  );
  return client(server, timeout_ms).send(POST);
}

describe('an answer', () => {
  it('comes back whole, with the headers that are asked for', async () => {
    const server = keep(
      await serve((_, response) =>
        json(response, 202, { ok: true }, { 'Retry-After': '7', 'X-Row-Count': '3' }),
      ),
    );
    const result = await client(server).send(POST);
    expect(result).toMatchObject({ kind: 'answer', status: 202, text: '{"ok":true}', complete: true });
    expect(result.kind === 'answer' && result.headers).toMatchObject({
      'content-type': 'application/json',
      'retry-after': ['7'],
      'x-row-count': '3',
    });
    expect(server.seen).toMatchObject([{ method: 'POST', path: '/x', body: '{"a":1}' }]);
  });

  it('without length or chunks is marked as not provably whole', async () => {
    expect(
      await answerOf('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"payout_id": "p_1", "st'),
    ).toMatchObject({
      kind: 'answer',
      text: '{"payout_id": "p_1", "st',
      complete: false,
    });
  });

  it('keeps a byte order mark, so that it is no JSON', async () => {
    const result = await answerOf(
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n\xef\xbb\xbf{}'.replace('\xef\xbb\xbf', '\ufeff'),
    );
    expect(result).toMatchObject({ kind: 'answer', text: '\ufeff{}' });
  });

  it('that redirects is an answer, and the other server sees nothing', async () => {
    const elsewhere = keep(await serve((_, response) => json(response, 200, {})));
    for (const status of [301, 302, 303, 307, 308]) {
      const server = keep(
        await serve((_, response) => {
          response.writeHead(status, { location: `${elsewhere.base_url}/steal` });
          response.end();
        }),
      );
      expect(await client(server).send(POST)).toMatchObject({ kind: 'answer', status });
    }
    expect(elsewhere.seen).toHaveLength(0);
  });

  it('comes over connections that are kept, and no upgrade is asked for', async () => {
    const sockets = new Set<unknown>();
    const server = keep(
      await serve((request, response, socket) => {
        sockets.add(socket);
        json(response, 200, { upgrade: request.headers.upgrade ?? null });
      }),
    );
    const http = client(server);
    for (let turn = 0; turn < 10; turn += 1)
      expect(await http.send(POST)).toMatchObject({ kind: 'answer', text: '{"upgrade":null}' });
    // The first may not be free yet when the second call comes.
    expect(sockets.size).toBeLessThanOrEqual(2);
  });

  it('of a file comes as bytes, beyond the bound for text', async () => {
    const file = Buffer.alloc(2 * 1024 * 1024, 0xff);
    const server = keep(await serve((_, response) => response.end(file)));
    const result = await client(server).download({ method: 'GET', path: '/f', headers: {} });
    expect(result.kind === 'answer' && file.equals(result.content)).toBe(true);
  });
});

describe('never sent', () => {
  it('is a connection that is refused', async () => {
    const http = keep(createHttp({ base_url: await deadUrl(), timeout_ms: 2_000 }));
    expect(await http.send(POST)).toMatchObject({ kind: 'never_sent', code: 'ECONNREFUSED' });
  });

  it('is a name that does not exist', async () => {
    const http = keep(createHttp({ base_url: 'https://nowhere.invalid', timeout_ms: 8_000 }));
    const result = await http.send(POST);
    expect(result.kind).toBe('never_sent');
    expect(['ENOTFOUND', 'EAI_AGAIN']).toContain(result.kind === 'never_sent' && result.code);
  });

  it('is a certificate that nobody vouches for, and the server reads nothing', async () => {
    let bytes = 0;
    const server = createTlsServer({ cert: CERTIFICATE, key: CERTIFICATE_KEY }, (socket) => {
      socket.on('error', () => {});
      socket.on('data', (chunk) => {
        bytes += chunk.length;
      });
    });
    server.on('tlsClientError', () => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    keep({ close: () => new Promise((resolve) => server.close(() => resolve())) });
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const result = await client({ base_url: `https://127.0.0.1:${port}` }).send(POST);
    expect(result).toMatchObject({ kind: 'never_sent', code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    expect(bytes).toBe(0);
  });

  it('is a network that cannot be reached, only where the connect call failed', () => {
    for (const code of ['ENETUNREACH', 'EHOSTUNREACH', 'ETIMEDOUT']) {
      expect(classifyFailure({ code, syscall: 'connect' }).kind).toBe('never_sent');
      expect(classifyFailure({ code, syscall: 'read' }).kind).toBe('lost');
      expect(classifyFailure({ code }).kind).toBe('lost');
    }
  });

  it('is a host with several addresses only where all of them prove it', () => {
    const refused = { code: 'ECONNREFUSED', syscall: 'connect' };
    const both = Object.assign(new AggregateError([refused, refused]), { code: 'ECONNREFUSED' });
    const mixed = Object.assign(new AggregateError([refused, { code: 'ECONNRESET' }]), {
      code: 'ECONNREFUSED',
    });
    expect(classifyFailure(both).kind).toBe('never_sent');
    expect(classifyFailure(mixed).kind).toBe('lost');
  });

  it('is none of the failures that happen after a byte may have left', () => {
    const after = [
      'ECONNRESET',
      'EPIPE',
      'EPROTO',
      'UND_ERR_SOCKET',
      'UND_ERR_HEADERS_TIMEOUT',
      'UND_ERR_BODY_TIMEOUT',
    ];
    const odd = ['UND_ERR_DESTROYED', 'UND_ERR_CLOSED', 'HPE_INVALID_CONSTANT', 'toString', '__proto__', ''];
    for (const code of [...after, ...odd]) expect(classifyFailure({ code }).kind, code).toBe('lost');
    for (const error of [undefined, null, 'ECONNREFUSED', 7, new Error('ECONNREFUSED')]) {
      expect(classifyFailure(error).kind).toBe('lost');
    }
  });
});

describe('lost', () => {
  it('is a reset after the request was read', async () => {
    const server = keep(await serveRaw((socket) => socket.resetAndDestroy()));
    expect(await client(server).send(POST)).toMatchObject({ kind: 'lost', code: 'ECONNRESET' });
    expect(server.seen).toHaveLength(1);
  });

  it('is a connection that is reset as soon as it is made', async () => {
    const server = createServer((socket) => socket.resetAndDestroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    keep({ close: () => new Promise((resolve) => server.close(() => resolve())) });
    expect((await client({ base_url: `http://127.0.0.1:${port}` }).send(POST)).kind).toBe('lost');
  });

  it('is a connection that ends without an answer, and the request is not repeated', async () => {
    const server = keep(await serveRaw((socket) => socket.end()));
    expect((await client(server).send(POST)).kind).toBe('lost');
    expect(server.seen).toHaveLength(1);
  });

  it('is a kept connection that closes under the second request', async () => {
    let requests = 0;
    const server = keep(
      await serve((_, response, socket) => {
        requests += 1;
        if (requests === 2) socket.destroy();
        else json(response, 200, {});
      }),
    );
    const http = client(server);
    expect((await http.send(POST)).kind).toBe('answer');
    expect((await http.send(POST)).kind).toBe('lost');
    expect(server.seen).toHaveLength(2);
  });

  it('is a server that never answers, after the whole time', async () => {
    const server = keep(await serveRaw(() => {}));
    const started = performance.now();
    expect(await client(server, 300).send(POST)).toMatchObject({ kind: 'lost', code: 'TIMEOUT' });
    expect(performance.now() - started).toBeGreaterThanOrEqual(295);
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it('is a body that drips beyond the deadline, however steadily', async () => {
    const server = keep(
      await serve((_, response) => {
        response.writeHead(200, { 'content-length': '1000' });
        const drip = setInterval(() => response.write('x'), 20);
        response.on('close', () => clearInterval(drip));
      }),
    );
    expect(await client(server, 300).send(POST)).toMatchObject({ kind: 'lost', code: 'TIMEOUT' });
  });

  it('is a body shorter than its length, or a chunked one without its end', async () => {
    expect((await answerOf('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"a":1}')).kind).toBe('lost');
    expect((await answerOf('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"a":1}', 'reset')).kind).toBe(
      'lost',
    );
    expect(
      (await answerOf('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{"a":1}\r\n')).kind,
    ).toBe('lost');
  });

  it('is what is no HTTP', async () => {
    for (const garbage of [
      'SSH-2.0-OpenSSH\r\n',
      'HTTP/1.1 20x OK\r\n\r\n',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}',
    ]) {
      expect((await answerOf(garbage)).kind, garbage).toBe('lost');
    }
  });

  it('is a body over one MiB, with and without a length', async () => {
    for (const headers of [{ 'content-length': String(1024 * 1024 + 1) }, {}]) {
      const server = keep(
        await serve((_, response) => {
          response.on('error', () => {});
          response.writeHead(200, headers);
          response.end(Buffer.alloc(1024 * 1024 + 1, 0x20));
        }),
      );
      expect(await client(server).send(POST)).toMatchObject({ kind: 'lost', code: 'TOO_LARGE' });
    }
  });

  it('is a body that is small on the wire and huge unpacked, or that claims to be packed', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, 0x20));
    const server = keep(
      await serve((_, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': String(bomb.length) });
        response.end(bomb);
      }),
    );
    const before = process.memoryUsage().rss;
    const result = await client(server).send(POST);
    // Nothing asked for a packed answer and nothing unpacks it: the bytes are no text.
    expect(result).toMatchObject({ kind: 'lost', code: 'NOT_UTF8' });
    expect(process.memoryUsage().rss - before).toBeLessThan(32 * 1024 * 1024);
    expect(server.seen[0]?.headers['accept-encoding']).toBeUndefined();
  });

  it('is an answer with ten thousand headers, or one header without an end', async () => {
    const many = Array.from({ length: 10_000 }, (_, index) => `x-${index}: 1`).join('\r\n');
    for (const headers of [many, `x-long: ${'a'.repeat(256 * 1024)}`]) {
      const result = await answerOf(`HTTP/1.1 200 OK\r\n${headers}\r\nContent-Length: 2\r\n\r\n{}`);
      expect(result).toMatchObject({ kind: 'lost', code: 'UND_ERR_HEADERS_OVERFLOW' });
    }
  });

  it('is a head that drips beyond the deadline', async () => {
    const server = keep(
      await serveRaw((socket) => {
        const drip = setInterval(() => socket.write('H'), 20);
        socket.on('close', () => clearInterval(drip));
        socket.write('HTTP/1.1 200 OK\r\nx: ');
      }),
    );
    const started = performance.now();
    expect(await client(server, 300).send(POST)).toMatchObject({ kind: 'lost', code: 'TIMEOUT' });
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it('is a text that is not UTF-8', async () => {
    const bytes = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"\xff"', 'latin1');
    expect(await answerOf(bytes)).toMatchObject({ kind: 'lost', code: 'NOT_UTF8' });
  });

  it('is a call that is cut by closing', async () => {
    const server = keep(await serveRaw(() => {}));
    const http = createHttp({ base_url: server.base_url, timeout_ms: 5_000 });
    const sent = http.send(POST);
    while (server.seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await http.close();
    expect((await sent).kind).toBe('lost');
  });
});

describe('the origin', () => {
  it('has to be https unless it is this machine', () => {
    const refuse = (base_url: string) => () => createHttp({ base_url, timeout_ms: 1_000 });
    expect(refuse('http://api.example.com')).toThrow('is not https');
    expect(refuse('https://api.example.com/v1')).toThrow('api_prefix');
    expect(refuse('nonsense')).toThrow('is no URL');
    expect(refuse('https://u:hunter2@api.example.com')).toThrow(/^(?!.*hunter2)/);
  });

  it('is left by no path', async () => {
    const server: Scripted = keep(await serve((_, response) => json(response, 200, {})));
    await expect(client(server).send({ ...POST, path: '@elsewhere.example/' })).rejects.toThrow('leads away');
    await client(server).send({ ...POST, path: '//elsewhere.example/x' });
    expect(server.seen).toMatchObject([{ path: '//elsewhere.example/x' }]);
  });
});
