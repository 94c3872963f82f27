/**
 * Where credentials may travel: to one origin, over TLS, or in plain text within this machine. Kept apart from
 * `http.ts`, so that reading a configuration does not load an HTTP client.
 */

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Why this base_url cannot be used, or null. */
export function baseUrlProblem(baseUrl: string): string | null {
  if (!URL.canParse(baseUrl)) return `"${baseUrl}" is no URL; write for example https://api.nxtbanking.com.`;
  const url = new URL(baseUrl);
  // The value itself stays out of this message: it holds a password.
  if (url.username || url.password)
    return 'a URL with credentials in it is refused; use api_key and api_secret.';
  if (url.pathname !== '/' || url.search || url.hash)
    return `"${baseUrl}" has a path; put it into api_prefix.`;
  if (url.protocol === 'https:') return null;
  if (url.protocol === 'http:' && LOOPBACK.test(url.hostname)) return null;
  return `"${baseUrl}" is not https; plain http is for loopback only, since it would show the credentials to the network.`;
}
