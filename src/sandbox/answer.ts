/** What the sandbox answers, apart from how it gets onto the wire. Every refusal has the contract's error schema. */

export interface Answer {
  status: number;
  content_type: string;
  /** A header with several values is sent as often. */
  headers: Readonly<Record<string, string | readonly string[]>>;
  body: string | Iterable<string>;
}

export function jsonAnswer(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, content_type: 'application/json', headers, body: JSON.stringify(body) };
}

export function refusal(
  status: number,
  code: string,
  message: string,
  beside: Readonly<Record<string, string>> = {},
): Answer {
  return jsonAnswer(status, { error: { code, message }, ...beside });
}

export const badRequest = (message: string): Answer => refusal(400, 'INVALID_REQUEST', message);
