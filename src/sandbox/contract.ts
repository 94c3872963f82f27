/**
 * What the sandbox speaks, as OpenAPI, served at /openapi.json: for whoever writes a client against it. The tests
 * hold every answer against these schemas.
 */

type Schema = Readonly<Record<string, unknown>>;

const text: Schema = { type: 'string' };
const textOrNull: Schema = { type: ['string', 'null'] };
const instant: Schema = { type: 'string', format: 'date-time' };
const instantOrNull: Schema = { type: ['string', 'null'], format: 'date-time' };
const rupees: Schema = { type: 'number', description: 'Rupees, with paise as decimals' };
const rupeesOrNull: Schema = { type: ['number', 'null'], description: 'Rupees; null until it is known' };

const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
const json = (schema: Schema, description: string): Schema => ({
  description,
  content: { 'application/json': { schema } },
});
const body = (schema: Schema): Schema => ({ required: true, content: { 'application/json': { schema } } });
const error = (description: string): Schema => json(ref('Error'), description);
const query = (name: string, schema: Schema, description: string, required = false): Schema => ({
  name,
  in: 'query',
  required,
  schema,
  description,
});
const inPath = (name: string): Schema => ({ name, in: 'path', required: true, schema: text });

const UNAUTHENTICATED = error('No token, or one that is unknown or expired');
const INTERNAL = error('Not on the record: it may or may not have been carried out');
const BAD_REQUEST = error(
  'Not understood: no JSON object, a field of a wrong type, a parameter out of range',
);

const SCHEMAS: Readonly<Record<string, Schema>> = {
  Status: { type: 'string', enum: ['QUEUED', 'PROCESSING', 'SUCCESS', 'FAILED', 'REVERSED'] },
  Payout: {
    type: 'object',
    required: [
      'payout_id',
      'reference_id',
      'beneficiary_id',
      'amount',
      'mode',
      'status',
      'created_at',
      'updated_at',
    ],
    properties: {
      payout_id: text,
      reference_id: text,
      beneficiary_id: text,
      amount: rupees,
      currency: { type: 'string', const: 'INR' },
      mode: text,
      status: ref('Status'),
      utr: textOrNull,
      fee: rupeesOrNull,
      tax: rupeesOrNull,
      failure_reason: textOrNull,
      created_at: instant,
      completed_at: instantOrNull,
      reversed_at: instantOrNull,
      updated_at: instant,
    },
  },
  PayoutPage: {
    type: 'object',
    required: ['data'],
    properties: { data: { type: 'array', items: ref('Payout') }, next_cursor: textOrNull },
  },
  NewPayout: {
    type: 'object',
    required: ['beneficiary_id', 'amount', 'mode', 'reference_id'],
    properties: {
      beneficiary_id: text,
      amount: { type: 'number', exclusiveMinimum: 0, description: 'Rupees, at most two decimals' },
      mode: { type: 'string', enum: ['IMPS', 'NEFT', 'RTGS', 'UPI'] },
      reference_id: { type: 'string', minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]*$' },
      narration: { type: 'string', maxLength: 100 },
    },
  },
  Beneficiary: {
    type: 'object',
    required: ['beneficiary_id', 'status'],
    properties: {
      beneficiary_id: text,
      name: text,
      status: { type: 'string', enum: ['PENDING', 'VERIFIED', 'FAILED'] },
      registered_name: textOrNull,
      account_last4: text,
      ifsc: text,
      failure_reason: textOrNull,
    },
  },
  NewBeneficiary: {
    type: 'object',
    required: ['name'],
    description: 'With account_number and ifsc, or with vpa',
    properties: {
      name: text,
      account_number: text,
      ifsc: { type: 'string', pattern: '^[A-Z]{4}0[A-Z0-9]{6}$' },
      bank_name: text,
      type: { type: 'string', enum: ['current', 'savings'] },
      vpa: text,
    },
  },
  Credentials: {
    type: 'object',
    required: ['api_key', 'api_secret'],
    properties: { api_key: text, api_secret: text },
  },
  Token: {
    type: 'object',
    required: ['access_token', 'expires_in'],
    properties: { access_token: text, expires_in: { type: 'integer', description: 'Seconds' } },
  },
  Balance: {
    type: 'object',
    required: ['available', 'currency'],
    properties: { available: rupees, currency: { type: 'string', const: 'INR' } },
  },
  Event: {
    type: 'object',
    required: ['event', 'payout_id', 'reference_id', 'status', 'timestamp'],
    properties: {
      event: text,
      payout_id: text,
      reference_id: text,
      status: ref('Status'),
      utr: textOrNull,
      amount: rupees,
      failure_reason: textOrNull,
      timestamp: instant,
    },
  },
  Error: {
    type: 'object',
    required: ['error'],
    properties: {
      error: { type: 'object', required: ['code', 'message'], properties: { code: text, message: text } },
    },
  },
  KnownBeneficiary: {
    type: 'object',
    required: ['error', 'beneficiary_id'],
    properties: { error: { type: 'object', required: ['code', 'message'] }, beneficiary_id: text },
  },
};

const BENEFICIARY_PATHS: Readonly<Record<string, Schema>> = {
  '/api/v1/beneficiaries': {
    post: {
      summary: 'Register an account or a VPA; a penny drop checks it',
      requestBody: body(ref('NewBeneficiary')),
      responses: {
        201: json(ref('Beneficiary'), 'Registered; PENDING until the penny drop has answered'),
        400: BAD_REQUEST,
        401: UNAUTHENTICATED,
        409: json(ref('KnownBeneficiary'), 'Registered before, under the beneficiary_id beside the error'),
        422: error('INVALID_NAME, INVALID_ACCOUNT, INVALID_IFSC, INVALID_VPA or INVALID_REQUEST'),
      },
    },
  },
  '/api/v1/beneficiaries/{beneficiary_id}': {
    get: {
      summary: 'One beneficiary and what its penny drop found',
      parameters: [inPath('beneficiary_id')],
      responses: { 200: json(ref('Beneficiary'), 'Found'), 401: UNAUTHENTICATED, 404: error('NOT_FOUND') },
    },
  },
};

const PAYOUT_PATHS: Readonly<Record<string, Schema>> = {
  '/api/v1/payouts': {
    post: {
      summary: 'Send a payout; its reference is remembered for ever',
      parameters: [{ name: 'Idempotency-Key', in: 'header', required: false, schema: text }],
      requestBody: body(ref('NewPayout')),
      responses: {
        200: json(
          ref('Payout'),
          'The earlier payout of this reference, where the sandbox was started to answer so',
        ),
        202: json(ref('Payout'), 'Accepted; the amount has left the balance'),
        400: BAD_REQUEST,
        401: UNAUTHENTICATED,
        402: error('INSUFFICIENT_FUNDS; the reference stays free'),
        409: error('DUPLICATE_REFERENCE; the earlier payout stands'),
        422: error(
          'INVALID_BENEFICIARY, INVALID_AMOUNT, INVALID_MODE or LIMIT_EXCEEDED; the reference stays free',
        ),
        500: INTERNAL,
      },
    },
    get: {
      summary: 'Payouts, newest first; by reference, by status, by the time of the last change',
      parameters: [
        query('reference_id', text, 'Exactly this reference'),
        query('from', instant, 'Changed at or after'),
        query('to', instant, 'Changed before'),
        query('status', text, 'Exactly this status now'),
        query('limit', { type: 'integer', minimum: 1, default: 100, maximum: 500 }, 'Payouts in a page'),
        query('cursor', text, 'next_cursor of the page before'),
      ],
      responses: { 200: json(ref('PayoutPage'), 'One page'), 400: BAD_REQUEST, 401: UNAUTHENTICATED },
    },
  },
  '/api/v1/payouts/{payout_id}': {
    get: {
      summary: 'One payout as it stands',
      parameters: [inPath('payout_id')],
      responses: { 200: json(ref('Payout'), 'Found'), 401: UNAUTHENTICATED, 404: error('NOT_FOUND') },
    },
  },
};

const OTHER_PATHS: Readonly<Record<string, Schema>> = {
  '/api/v1/auth/token': {
    post: {
      summary: 'A key and its secret for an access token',
      security: [],
      requestBody: body(ref('Credentials')),
      responses: {
        200: json(ref('Token'), 'Good for expires_in seconds'),
        400: BAD_REQUEST,
        401: UNAUTHENTICATED,
      },
    },
  },
  '/api/v1/balance': {
    get: {
      summary: 'What payouts can be made from',
      responses: { 200: json(ref('Balance'), 'Now'), 401: UNAUTHENTICATED },
    },
  },
  '/api/v1/reports/payouts': {
    get: {
      summary: 'One row for each payout that changed on a day in India, as it stands now',
      parameters: [query('date', { type: 'string', format: 'date' }, 'A day in Asia/Kolkata', true)],
      responses: {
        200: {
          description: 'CSV with a header row',
          headers: { 'X-Row-Count': { schema: { type: 'integer' }, description: 'Rows without the header' } },
          content: { 'text/csv': { schema: text } },
        },
        400: BAD_REQUEST,
        401: UNAUTHENTICATED,
      },
    },
  },
};

export const CONTRACT = {
  openapi: '3.1.0',
  info: {
    title: 'payrun sandbox',
    version: '1.0',
    description: 'A payout provider to try payrun against. It moves no money. Times are RFC 3339 in UTC.',
  },
  security: [{ bearer: [] }],
  paths: { ...OTHER_PATHS, ...BENEFICIARY_PATHS, ...PAYOUT_PATHS },
  webhooks: {
    'payout.updated': {
      post: {
        summary: 'A change of status, with X-NxtB-Signature: hex HMAC-SHA256 of the bytes of the body',
        requestBody: body(ref('Event')),
        responses: { 200: { description: 'Taken' } },
      },
    },
  },
  components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } }, schemas: SCHEMAS },
} as const;
