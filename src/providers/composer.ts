/** The bytes of a send by the `kind` of its provider, where only they are made and nothing is sent. */
import { Bug } from '../domain/errors.ts';
import { compose as composeNxtbanking } from './nxtbanking/compose.ts';
import type { Provider } from './provider.ts';

export function composerOf({ kind, name }: Pick<Provider, 'kind' | 'name'>): Provider['compose'] {
  if (kind === 'nxtbanking') return (input) => composeNxtbanking(input, name);
  throw new Bug(`Nobody knows how to write to a provider of kind ${kind}.`);
}
