/** The control of the explorer: workers that read what is to be done and then do it, as if they were alone. */
import type { Breach, Living } from './explorer.ts';

/** Each takes `steps` steps: it reads the state, claims, sends, and writes the state, with pauses between. */
export function naiveWorkers(steps: number): Living {
  return {
    async run(crossroads, drive) {
      const table = { state: 'approved' };
      const executed: string[] = [];
      let ended = 0;
      const worker = async (name: string, pause: () => Promise<void>) => {
        const doing: (() => void)[] = [];
        let seen = '';
        let claimed = false;
        doing[1] = () => {
          seen = table.state;
        };
        doing[3] = () => {
          claimed = seen === 'approved';
          if (claimed) table.state = 'submitting';
        };
        doing[5] = () => {
          if (claimed) executed.push(name);
        };
        doing[7] = () => {
          if (claimed) table.state = 'paid';
        };
        for (let step = 0; step < steps; step += 1) {
          await pause();
          doing[step]?.();
        }
        ended += 1;
      };
      const both = ['a', 'b'].map((name, index) => worker(name, () => crossroads.gate(index + 1)));
      const choices = await drive(() => ended === 2);
      await Promise.all(both);
      const breaches: Breach[] = executed.length > 1 ? ['paid_twice'] : [];
      return { choices, replaced: false, breaches };
    },
  };
}
