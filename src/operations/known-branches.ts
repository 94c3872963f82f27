/**
 * Whether a branch with this IFSC is known, from the list that npm's `ifsc` carries: offline, and only its data is
 * read, since the package's code fetches from the network. The list ages, so that an unknown branch is a warning.
 */
export async function knownBranches(): Promise<(ifsc: string) => boolean> {
  const { default: banks } = await import('ifsc/src/IFSC.json', { with: { type: 'json' } });
  const branches = new Map<string, ReadonlySet<string | number>>();
  return (ifsc) => {
    const bank = ifsc.slice(0, 4);
    const known = branches.get(bank) ?? new Set(Object.hasOwn(banks, bank) ? banks[bank] : []);
    branches.set(bank, known);
    const branch = ifsc.slice(5);
    // Branches of digits only are numbers there, without their leading zeros.
    return known.has(/^\d+$/.test(branch) ? Number(branch) : branch);
  };
}
