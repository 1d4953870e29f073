theme();
figures();
ledger();
explorer();
decayExplorer();
