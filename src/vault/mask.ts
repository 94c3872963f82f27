/**
 * What may be shown of an account number, VPA, e-mail or phone: enough to recognise one's own, too little to use.
 * The masked form never grows with the value, so that it does not tell its length.
 */
const DOTS = '••••';

/** `123456787890` → `••••7890`; of values under eight characters less is shown, so that most of it stays hidden. */
export function maskAccount(account: string): string {
  const shown = account.length >= 8 ? 4 : Math.floor(account.length / 3);
  return DOTS + (shown === 0 ? '' : account.slice(-shown));
}

/** `riya.sharma@okbank` → `••••ma@okbank`: the handle names a bank's app, the part before it a person. */
export function maskVpa(vpa: string): string {
  const at = vpa.lastIndexOf('@');
  if (at < 0) return DOTS;
  return `${maskName(vpa.slice(0, at))}${vpa.slice(at)}`;
}

export function maskEmail(email: string): string {
  const at = email.lastIndexOf('@');
  if (at < 0) return DOTS;
  return `${maskName(email.slice(0, at))}${email.slice(at)}`;
}

export function maskPhone(phone: string): string {
  return maskAccount(phone.replace(/[^0-9]/g, ''));
}

// UPI names are often a phone number: two characters say "that one" without giving it away.
function maskName(name: string): string {
  return DOTS + (name.length >= 6 ? name.slice(-2) : '');
}
