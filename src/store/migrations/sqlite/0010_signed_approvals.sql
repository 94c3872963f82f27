-- The signed statement that an approval came with, as it was signed: whoever wants to send verifies it once more.
-- Null: given at this machine, by whom the operating system or --as says.

alter table approvals add column signed_statement text;
