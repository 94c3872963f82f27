/**
 * ISO 4217, our own table. Intl cannot serve: it says 0 digits for PKR, COP, IDR and a dozen more where the
 * standard says 2, and npm's currency-codes lacks XCG. Listed: every active currency that money can be paid in;
 * left out: funds codes, precious metals and test codes (XAU, XTS, CHE …), in which no payout can be made.
 * Source: ISO 4217 list one, as amended up to 2026 (XCG in, ANG out; BGN out after Bulgaria joined the euro).
 */

const DECIMALS_0 = 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF';
const DECIMALS_3 = 'BHD IQD JOD KWD LYD OMR TND';
const DECIMALS_2 =
  'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP ' +
  'CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS ' +
  'INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN ' +
  'MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE ' +
  'SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ' +
  'ZMW ZWG';
const DECIMALS_4 = 'CLF UYW';

const DECIMALS = new Map<string, number>();
for (const [codes, decimals] of [
  [DECIMALS_0, 0],
  [DECIMALS_2, 2],
  [DECIMALS_3, 3],
  [DECIMALS_4, 4],
] as const) {
  for (const code of codes.split(' ')) DECIMALS.set(code, decimals);
}
// UYI is a unit of account with no minor unit; CLF and UYW are indexed units with four decimals.

/** Every known code, in byte order. */
export const CURRENCY_CODES: readonly string[] = [...DECIMALS.keys()].sort();

/** How many decimals an amount of this currency has, or undefined where ISO 4217 does not know the code. */
export function decimalsOf(currency: string): number | undefined {
  return DECIMALS.get(currency);
}
