/**
 * A provider that accepts everything at once and keeps nothing of it but a count, so that a million payouts weigh on
 * payrun alone. Its first line is its URL. `--latency-ms N` answers that much later. Not a bank: it knows no duplicate,
 * and nothing ever settles.
 */
import { createServer } from 'node:http';

const PREFIX = '/api/v1';
const at = process.argv.indexOf('--latency-ms');
const latencyMs = at < 0 ? 0 : Number(process.argv[at + 1]);
let accepted = 0;

function answerTo(method, path, text) {
  if (method === 'GET' && path === `${PREFIX}/balance`)
    return { status: 200, body: { available: 9_000_000_000_000, currency: 'INR' } };
  if (method === 'GET') return { status: 200, body: { data: [], next_cursor: null } };
  const body = JSON.parse(text);
  if (path === `${PREFIX}/auth/token`)
    return { status: 200, body: { access_token: 'quick', expires_in: 86_400 } };
  if (path === `${PREFIX}/beneficiaries`) return { status: 201, body: registered(body) };
  accepted += 1;
  const now = new Date().toISOString();
  const payout = {
    payout_id: `quick_${accepted}`,
    reference_id: body.reference_id,
    beneficiary_id: body.beneficiary_id,
    amount: body.amount,
    currency: 'INR',
    mode: body.mode,
    status: 'QUEUED',
    utr: null,
    fee: null,
    tax: null,
    failure_reason: null,
    created_at: now,
    updated_at: now,
    completed_at: null,
  };
  return { status: 202, body: payout };
}

const registered = ({ name, account_number }) => ({
  beneficiary_id: `bene_${account_number}`,
  name,
  status: 'VERIFIED',
  registered_name: name,
  account_last4: account_number.slice(-4),
});

const server = createServer((request, response) => {
  let text = '';
  request.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  request.on('end', () => {
    const { status, body } = answerTo(request.method, request.url.split('?')[0], text);
    const content = JSON.stringify(body);
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) };
    const answer = () => response.writeHead(status, headers).end(content);
    if (latencyMs > 0) setTimeout(answer, latencyMs);
    else answer();
  });
});
server.keepAliveTimeout = 30_000;
server.listen(0, '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`));
