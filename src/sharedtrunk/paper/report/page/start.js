theme();
figures();
ledger();
explorer();
