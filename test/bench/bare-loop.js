/** Sends payouts with undici and p-queue and nothing else: no ledger, no check of the answer, nothing kept. */
import PQueue from 'p-queue';
import { Agent } from 'undici';

const [url = '', count = '0', concurrency = '1', prefix = 'bare'] = process.argv.slice(2);
const agent = new Agent({ pipelining: 1 });

async function post(path, body, headers = {}) {
  const content = JSON.stringify(body);
  const { statusCode, body: answer } = await agent.request({
    origin: url,
    path: `/api/v1${path}`,
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: content,
  });
  return { status: statusCode, body: await answer.json() };
}

const granted = await post('/auth/token', { api_key: 'key', api_secret: 'secret' });
const authorization = `Bearer ${granted.body.access_token}`;
const account = { name: 'Bare', account_number: '99990000', ifsc: 'HDFC0000001' };
const registered = await post('/beneficiaries', account, { authorization });
const beneficiary_id = registered.body.beneficiary_id;

const queue = new PQueue({ concurrency: Number(concurrency) });
for (let index = 0; index < Number(count); index += 1) {
  const reference_id = `${prefix}-${index}`;
  queue.add(async () => {
    const headers = { authorization, 'idempotency-key': reference_id };
    const { status } = await post(
      '/payouts',
      { beneficiary_id, amount: 100 + (index % 5000), mode: 'IMPS', reference_id },
      headers,
    );
    if (status !== 202) throw new Error(`the server answered ${status}`);
  });
}
await queue.onIdle();
await agent.close();
