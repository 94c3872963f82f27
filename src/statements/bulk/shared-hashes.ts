/** Every hash but 0 that stands in the lists more than once. */
export function sharedHashes(lists: readonly Uint32Array[]): Set<number> {
  const all = new Uint32Array(lists.reduce((sum, each) => sum + each.length, 0));
  let at = 0;
  for (const list of lists) {
    all.set(list, at);
    at += list.length;
  }
  all.sort();
  const shared = new Set<number>();
  for (let index = 1; index < all.length; index += 1) {
    const hash = all[index] as number;
    if (hash !== 0 && hash === all[index - 1]) shared.add(hash);
  }
  return shared;
}
