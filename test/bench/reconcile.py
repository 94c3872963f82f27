"""What a careful person writes with pandas: both files read, merged by reference, every row of both classified."""
import resource
import sys

import pandas

report, ours = sys.argv[1:3]
lines = pandas.read_csv(
    report,
    usecols=["payout_id", "reference_id", "utr", "amount", "fee", "tax", "currency", "status", "completed_at"],
    dtype={"payout_id": str, "reference_id": str, "utr": str, "currency": str, "status": str, "completed_at": str},
)
payouts = pandas.read_csv(
    ours,
    usecols=["reference_id", "provider_id", "utr", "amount", "fee", "tax", "currency", "state", "paid_at"],
    dtype={"reference_id": str, "provider_id": str, "utr": str, "currency": str, "state": str, "paid_at": str},
)
copies = lines.duplicated("reference_id")
both = payouts.merge(lines[~copies], on="reference_id", how="outer", suffixes=("_ours", "_theirs"), indicator=True)
matched = both[both["_merge"] == "both"]
said = matched["status"].map({"SUCCESS": "paid", "FAILED": "failed", "REVERSED": "returned"})


def differs(name):
    left, right = matched[f"{name}_ours"], matched[f"{name}_theirs"]
    return ((left != right) & left.notna() & right.notna()).sum()


print(
    {
        "matched": len(matched),
        "missing_on_statement": int(((both["_merge"] == "left_only") & (both["state"] == "paid")).sum()),
        "missing_in_ledger": int((both["_merge"] == "right_only").sum()),
        "duplicate_on_statement": int(copies.sum()),
        "amount_differs": int(differs("amount")),
        "fee_differs": int(differs("fee")),
        "currency_differs": int(differs("currency")),
        "utr_differs": int(differs("utr")),
        "status_differs": int((said != matched["state"]).sum()),
        "totals": both.groupby("currency_ours")[["amount_ours", "amount_theirs"]].sum().to_dict(),
    }
)
used = resource.getrusage(resource.RUSAGE_SELF)
print(f"maxrss {used.ru_maxrss} cpu {used.ru_utime + used.ru_stime:.3f}", file=sys.stderr)
