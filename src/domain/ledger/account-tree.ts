/** Balances of accounts, and of all that stands below a name: `assets:bank` is the sum of the banks. */

export interface AccountBalance {
  account: string;
  currency: string;
  balance_minor: bigint;
}

/** `depth` is 0 for a class such as `assets`. */
export type TreeNode = AccountBalance & { depth: number };

/** Every account and every name above one, each before what stands below it, by currency; the sums of all below. */
export function accountTree(balances: Iterable<AccountBalance>): TreeNode[] {
  const sums = new Map<string, Map<string, bigint>>();
  for (const { account, currency, balance_minor } of balances) {
    let end = account.indexOf(':');
    for (;;) {
      const name = end < 0 ? account : account.slice(0, end);
      const currencies = sums.get(name) ?? new Map<string, bigint>();
      currencies.set(currency, (currencies.get(currency) ?? 0n) + balance_minor);
      sums.set(name, currencies);
      if (end < 0) break;
      end = account.indexOf(':', end + 1);
    }
  }
  // A colon sorts before what a name can hold otherwise, so that `a:b` stands below `a` and before `a-b`.
  const names = [...sums.keys()].sort((left, right) => (sortKey(left) < sortKey(right) ? -1 : 1));
  return names.flatMap((account) =>
    [...(sums.get(account) ?? [])]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([currency, balance_minor]) => ({
        account,
        currency,
        balance_minor,
        depth: account.split(':').length - 1,
      })),
  );
}

function sortKey(account: string): string {
  return account.replaceAll(':', '\u0000');
}
