/** The profiles that ship, as the TOML in which they are written. */
import adyenToml from './profiles/adyen.toml';
import cashfreeToml from './profiles/cashfree.toml';
import hdfcToml from './profiles/hdfc.toml';
import iciciToml from './profiles/icici.toml';
import nxtbankingToml from './profiles/nxtbanking.toml';
import paypalToml from './profiles/paypal.toml';
import razorpayxToml from './profiles/razorpayx.toml';
import sbiToml from './profiles/sbi.toml';
import stripeToml from './profiles/stripe.toml';

export const SHIPPED: Readonly<Record<string, string>> = {
  nxtbanking: nxtbankingToml,
  adyen: adyenToml,
  cashfree: cashfreeToml,
  hdfc: hdfcToml,
  icici: iciciToml,
  paypal: paypalToml,
  razorpayx: razorpayxToml,
  sbi: sbiToml,
  stripe: stripeToml,
};
