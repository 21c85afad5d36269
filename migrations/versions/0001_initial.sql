-- The first schema, one statement per paragraph.

CREATE TABLE account (
    strategy TEXT NOT NULL,
    slot INTEGER NOT NULL,
    state_sha256 TEXT NOT NULL,
    state BLOB NOT NULL,
    CONSTRAINT pk_account PRIMARY KEY (strategy),
    CONSTRAINT ck_account_strategy CHECK (length(strategy) > 0),
    CONSTRAINT ck_account_slot CHECK (slot BETWEEN 946684800000 AND 4102444800000 AND slot % 3600000 = 0),
    CONSTRAINT ck_account_state_sha256 CHECK (length(state_sha256) = 64 AND state_sha256 NOT GLOB '*[^0-9a-f]*')
)
 STRICT;

CREATE TABLE config_version (
    config_sha256 TEXT NOT NULL,
    rules_version INTEGER NOT NULL,
    strategy TEXT NOT NULL,
    body TEXT NOT NULL,
    CONSTRAINT pk_config_version PRIMARY KEY (config_sha256, rules_version),
    CONSTRAINT ck_config_version_config_sha256 CHECK (length(config_sha256) = 64 AND config_sha256 NOT GLOB '*[^0-9a-f]*'),
    CONSTRAINT ck_config_version_rules_version CHECK (rules_version BETWEEN 1 AND 1000000000000000),
    CONSTRAINT ck_config_version_strategy CHECK (length(strategy) > 0)
)
 STRICT;

CREATE TABLE "conflict" (
    id INTEGER NOT NULL,
    strategy TEXT NOT NULL,
    slot INTEGER NOT NULL,
    kind TEXT NOT NULL,
    expected TEXT NOT NULL,
    found TEXT NOT NULL,
    CONSTRAINT pk_conflict PRIMARY KEY (id),
    CONSTRAINT ck_conflict_strategy CHECK (length(strategy) > 0),
    CONSTRAINT ck_conflict_slot CHECK (slot BETWEEN 946684800000 AND 4102444800000 AND slot % 3600000 = 0),
    CONSTRAINT ck_conflict_kind CHECK (length(kind) > 0),
    CONSTRAINT ck_conflict_expected CHECK (length(expected) > 0),
    CONSTRAINT ck_conflict_found CHECK (length(found) > 0)
)
 STRICT;

CREATE TABLE content (
    sha256 TEXT NOT NULL,
    body TEXT NOT NULL,
    CONSTRAINT pk_content PRIMARY KEY (sha256),
    CONSTRAINT ck_content_sha256 CHECK (length(sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*'),
    CONSTRAINT ck_content_body CHECK (body GLOB '{*}' OR body GLOB '[[]*]')
)
 STRICT;

CREATE TABLE credit (
    month TEXT NOT NULL,
    spent INTEGER NOT NULL,
    CONSTRAINT pk_credit PRIMARY KEY (month),
    CONSTRAINT ck_credit_month CHECK (month GLOB '20[0-9][0-9]-[01][0-9]'),
    CONSTRAINT ck_credit_spent CHECK (spent BETWEEN 0 AND 1000000000000000)
)
 STRICT;

CREATE TABLE instrument (
    token_id INTEGER NOT NULL,
    tick TEXT NOT NULL,
    lot TEXT NOT NULL,
    min_notional TEXT NOT NULL,
    derived_at INTEGER NOT NULL,
    notes TEXT NOT NULL,
    CONSTRAINT pk_instrument PRIMARY KEY (token_id),
    CONSTRAINT ck_instrument_token_id CHECK (token_id BETWEEN 1 AND 1000000000000000),
    CONSTRAINT ck_instrument_tick CHECK ((tick GLOB '[0-9]*' OR tick GLOB '-[0-9]*') AND tick NOT GLOB '*[^0-9.-]*' AND tick NOT GLOB '?*-*' AND tick NOT GLOB '*.*.*' AND tick NOT GLOB '*.*0' AND tick NOT GLOB '*.' AND tick NOT GLOB '0[0-9]*' AND tick NOT GLOB '-0[0-9]*' AND tick <> '-0'),
    CONSTRAINT ck_instrument_lot CHECK ((lot GLOB '[0-9]*' OR lot GLOB '-[0-9]*') AND lot NOT GLOB '*[^0-9.-]*' AND lot NOT GLOB '?*-*' AND lot NOT GLOB '*.*.*' AND lot NOT GLOB '*.*0' AND lot NOT GLOB '*.' AND lot NOT GLOB '0[0-9]*' AND lot NOT GLOB '-0[0-9]*' AND lot <> '-0'),
    CONSTRAINT ck_instrument_min_notional CHECK ((min_notional GLOB '[0-9]*' OR min_notional GLOB '-[0-9]*') AND min_notional NOT GLOB '*[^0-9.-]*' AND min_notional NOT GLOB '?*-*' AND min_notional NOT GLOB '*.*.*' AND min_notional NOT GLOB '*.*0' AND min_notional NOT GLOB '*.' AND min_notional NOT GLOB '0[0-9]*' AND min_notional NOT GLOB '-0[0-9]*' AND min_notional <> '-0'),
    CONSTRAINT ck_instrument_derived_at CHECK (derived_at BETWEEN 946684800000 AND 4102444800000 AND derived_at % 3600000 = 0)
)
 STRICT;

CREATE TABLE lease (
    id INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    holder TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    heartbeat INTEGER NOT NULL,
    CONSTRAINT pk_lease PRIMARY KEY (id),
    CONSTRAINT ck_lease_one_row CHECK (id = 1),
    CONSTRAINT ck_lease_epoch CHECK (epoch BETWEEN 1 AND 1000000000000000),
    CONSTRAINT ck_lease_holder CHECK (length(holder) > 0),
    CONSTRAINT ck_lease_started_at CHECK (started_at BETWEEN 946684800000 AND 4102444800000),
    CONSTRAINT ck_lease_heartbeat CHECK (heartbeat BETWEEN 946684800000 AND 4102444800000)
)
 STRICT;

CREATE TABLE meta (
    "key" TEXT NOT NULL,
    value TEXT NOT NULL,
    CONSTRAINT pk_meta PRIMARY KEY ("key"),
    CONSTRAINT ck_meta_value CHECK (length(value) > 0)
)
 STRICT;

CREATE TABLE poll_state (
    endpoint TEXT NOT NULL,
    last_success INTEGER NOT NULL,
    CONSTRAINT pk_poll_state PRIMARY KEY (endpoint),
    CONSTRAINT ck_poll_state_last_success CHECK (last_success BETWEEN 946684800000 AND 4102444800000)
)
 STRICT;

CREATE TABLE position (
    id TEXT NOT NULL,
    strategy TEXT NOT NULL,
    token_id INTEGER NOT NULL,
    status TEXT NOT NULL,
    opened_slot INTEGER NOT NULL,
    closed_slot INTEGER,
    quantity_lots INTEGER NOT NULL,
    cost INTEGER NOT NULL,
    entry_fee INTEGER NOT NULL,
    realised INTEGER NOT NULL,
    body TEXT NOT NULL,
    CONSTRAINT pk_position PRIMARY KEY (id),
    CONSTRAINT ck_position_id CHECK (length(id) > 0),
    CONSTRAINT ck_position_strategy CHECK (length(strategy) > 0),
    CONSTRAINT ck_position_token_id CHECK (token_id BETWEEN 1 AND 1000000000000000),
    CONSTRAINT ck_position_status CHECK (status IN ('OPEN', 'CLOSED')),
    CONSTRAINT ck_position_opened_slot CHECK (opened_slot BETWEEN 946684800000 AND 4102444800000 AND opened_slot % 3600000 = 0),
    CONSTRAINT ck_position_closed_slot CHECK (closed_slot BETWEEN 946684800000 AND 4102444800000 AND closed_slot % 3600000 = 0),
    CONSTRAINT ck_position_quantity_lots CHECK (quantity_lots BETWEEN 0 AND 1000000000000000),
    CONSTRAINT ck_position_cost CHECK (cost BETWEEN -100000000000000000 AND 100000000000000000),
    CONSTRAINT ck_position_entry_fee CHECK (entry_fee BETWEEN -100000000000000000 AND 100000000000000000),
    CONSTRAINT ck_position_realised CHECK (realised BETWEEN -100000000000000000 AND 100000000000000000),
    CONSTRAINT ck_position_body CHECK (body GLOB '{*}' OR body GLOB '[[]*]'),
    CONSTRAINT ck_position_open_or_closed CHECK ((status = 'OPEN' AND quantity_lots > 0 AND closed_slot IS NULL) OR (status = 'CLOSED' AND quantity_lots = 0 AND cost = 0 AND closed_slot IS NOT NULL))
)
 STRICT;

CREATE UNIQUE INDEX one_open ON position (strategy, token_id) WHERE status = 'OPEN';

CREATE TABLE raw_response (
    id INTEGER NOT NULL,
    endpoint TEXT NOT NULL,
    params TEXT NOT NULL,
    status INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    body BLOB NOT NULL,
    fetched_at INTEGER NOT NULL,
    latency_ms INTEGER NOT NULL,
    request_id TEXT,
    CONSTRAINT pk_raw_response PRIMARY KEY (id),
    CONSTRAINT ck_raw_response_endpoint CHECK (length(endpoint) > 0),
    CONSTRAINT ck_raw_response_params CHECK (params GLOB '{*}' OR params GLOB '[[]*]'),
    CONSTRAINT ck_raw_response_status CHECK (status BETWEEN 100 AND 599),
    CONSTRAINT ck_raw_response_sha256 CHECK (length(sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*'),
    CONSTRAINT ck_raw_response_fetched_at CHECK (fetched_at BETWEEN 946684800000 AND 4102444800000),
    CONSTRAINT ck_raw_response_latency_ms CHECK (latency_ms BETWEEN 0 AND 1000000000000000)
)
 STRICT;

CREATE TABLE slot (
    slot INTEGER NOT NULL,
    as_of INTEGER NOT NULL,
    missed INTEGER NOT NULL,
    CONSTRAINT pk_slot PRIMARY KEY (slot),
    CONSTRAINT ck_slot_slot CHECK (slot BETWEEN 946684800000 AND 4102444800000 AND slot % 3600000 = 0),
    CONSTRAINT ck_slot_as_of CHECK (as_of BETWEEN 946684800000 AND 4102444800000),
    CONSTRAINT ck_slot_missed CHECK (missed IN (0, 1))
)
 STRICT;

CREATE TABLE slot_input (
    strategy TEXT NOT NULL,
    slot INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    body BLOB NOT NULL,
    CONSTRAINT pk_slot_input PRIMARY KEY (strategy, slot),
    CONSTRAINT ck_slot_input_strategy CHECK (length(strategy) > 0),
    CONSTRAINT ck_slot_input_slot CHECK (slot BETWEEN 946684800000 AND 4102444800000 AND slot % 3600000 = 0),
    CONSTRAINT ck_slot_input_sha256 CHECK (length(sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*')
)
 STRICT;

CREATE TABLE universe (
    strategy TEXT NOT NULL,
    day INTEGER NOT NULL,
    token_ids TEXT NOT NULL,
    CONSTRAINT pk_universe PRIMARY KEY (strategy, day),
    CONSTRAINT ck_universe_strategy CHECK (length(strategy) > 0),
    CONSTRAINT ck_universe_day CHECK (day BETWEEN 946684800000 AND 4102444800000),
    CONSTRAINT ck_universe_token_ids CHECK (token_ids GLOB '{*}' OR token_ids GLOB '[[]*]')
)
 STRICT;

CREATE TABLE bar (
    id INTEGER NOT NULL,
    token_id INTEGER NOT NULL,
    interval TEXT NOT NULL,
    open_time INTEGER NOT NULL,
    open TEXT NOT NULL,
    high TEXT NOT NULL,
    low TEXT NOT NULL,
    close TEXT NOT NULL,
    volume TEXT,
    available_at INTEGER,
    raw_id INTEGER,
    CONSTRAINT pk_bar PRIMARY KEY (id),
    CONSTRAINT ck_bar_token_id CHECK (token_id BETWEEN 1 AND 1000000000000000),
    CONSTRAINT ck_bar_interval CHECK (length(interval) > 0),
    CONSTRAINT ck_bar_open_time CHECK (open_time BETWEEN 946684800000 AND 4102444800000),
    CONSTRAINT ck_bar_open CHECK ((open GLOB '[0-9]*' OR open GLOB '-[0-9]*') AND open NOT GLOB '*[^0-9.-]*' AND open NOT GLOB '?*-*' AND open NOT GLOB '*.*.*' AND open NOT GLOB '*.*0' AND open NOT GLOB '*.' AND open NOT GLOB '0[0-9]*' AND open NOT GLOB '-0[0-9]*' AND open <> '-0'),
    CONSTRAINT ck_bar_high CHECK ((high GLOB '[0-9]*' OR high GLOB '-[0-9]*') AND high NOT GLOB '*[^0-9.-]*' AND high NOT GLOB '?*-*' AND high NOT GLOB '*.*.*' AND high NOT GLOB '*.*0' AND high NOT GLOB '*.' AND high NOT GLOB '0[0-9]*' AND high NOT GLOB '-0[0-9]*' AND high <> '-0'),
    CONSTRAINT ck_bar_low CHECK ((low GLOB '[0-9]*' OR low GLOB '-[0-9]*') AND low NOT GLOB '*[^0-9.-]*' AND low NOT GLOB '?*-*' AND low NOT GLOB '*.*.*' AND low NOT GLOB '*.*0' AND low NOT GLOB '*.' AND low NOT GLOB '0[0-9]*' AND low NOT GLOB '-0[0-9]*' AND low <> '-0'),
    CONSTRAINT ck_bar_close CHECK ((close GLOB '[0-9]*' OR close GLOB '-[0-9]*') AND close NOT GLOB '*[^0-9.-]*' AND close NOT GLOB '?*-*' AND close NOT GLOB '*.*.*' AND close NOT GLOB '*.*0' AND close NOT GLOB '*.' AND close NOT GLOB '0[0-9]*' AND close NOT GLOB '-0[0-9]*' AND close <> '-0'),
    CONSTRAINT ck_bar_volume CHECK ((volume GLOB '[0-9]*' OR volume GLOB '-[0-9]*') AND volume NOT GLOB '*[^0-9.-]*' AND volume NOT GLOB '?*-*' AND volume NOT GLOB '*.*.*' AND volume NOT GLOB '*.*0' AND volume NOT GLOB '*.' AND volume NOT GLOB '0[0-9]*' AND volume NOT GLOB '-0[0-9]*' AND volume <> '-0'),
    CONSTRAINT ck_bar_available_at CHECK (available_at BETWEEN 946684800000 AND 4102444800000),
    CONSTRAINT fk_bar_raw_id FOREIGN KEY(raw_id) REFERENCES raw_response (id) ON DELETE RESTRICT
)
 STRICT;

CREATE INDEX ix_bar_raw_id ON bar (raw_id);

CREATE INDEX ix_bar_series ON bar (token_id, interval, open_time);

CREATE TABLE cycle (
    strategy TEXT NOT NULL,
    slot INTEGER NOT NULL,
    as_of INTEGER NOT NULL,
    missed INTEGER NOT NULL,
    config_sha256 TEXT NOT NULL,
    rules_version INTEGER NOT NULL,
    input_sha256 TEXT NOT NULL,
    lines_sha256 TEXT NOT NULL,
    CONSTRAINT pk_cycle PRIMARY KEY (strategy, slot),
    CONSTRAINT ck_cycle_strategy CHECK (length(strategy) > 0),
    CONSTRAINT ck_cycle_slot CHECK (slot BETWEEN 946684800000 AND 4102444800000 AND slot % 3600000 = 0),
    CONSTRAINT ck_cycle_as_of CHECK (as_of BETWEEN 946684800000 AND 4102444800000),
    CONSTRAINT ck_cycle_missed CHECK (missed IN (0, 1)),
    CONSTRAINT ck_cycle_config_sha256 CHECK (length(config_sha256) = 64 AND config_sha256 NOT GLOB '*[^0-9a-f]*'),
    CONSTRAINT ck_cycle_rules_version CHECK (rules_version BETWEEN 1 AND 1000000000000000),
    CONSTRAINT ck_cycle_input_sha256 CHECK (length(input_sha256) = 64 AND input_sha256 NOT GLOB '*[^0-9a-f]*'),
    CONSTRAINT ck_cycle_lines_sha256 CHECK (length(lines_sha256) = 64 AND lines_sha256 NOT GLOB '*[^0-9a-f]*'),
    CONSTRAINT fk_cycle_config_sha256 FOREIGN KEY(config_sha256, rules_version) REFERENCES config_version (config_sha256, rules_version) ON DELETE RESTRICT
)
 STRICT;

CREATE TABLE grade (
    id INTEGER NOT NULL,
    token_id INTEGER NOT NULL,
    valid_time INTEGER NOT NULL,
    tm_grade TEXT,
    available_at INTEGER,
    raw_id INTEGER,
    CONSTRAINT pk_grade PRIMARY KEY (id),
    CONSTRAINT ck_grade_token_id CHECK (token_id BETWEEN 1 AND 1000000000000000),
    CONSTRAINT ck_grade_valid_time CHECK (valid_time BETWEEN 946684800000 AND 4102444800000),
    CONSTRAINT ck_grade_tm_grade CHECK (tm_grade GLOB '[0-9-]*' AND tm_grade NOT GLOB '*[^0-9.e+-]*'),
    CONSTRAINT ck_grade_available_at CHECK (available_at BETWEEN 946684800000 AND 4102444800000),
    CONSTRAINT fk_grade_raw_id FOREIGN KEY(raw_id) REFERENCES raw_response (id) ON DELETE RESTRICT
)
 STRICT;

CREATE INDEX ix_grade_raw_id ON grade (raw_id);

CREATE INDEX ix_grade_series ON grade (token_id, valid_time);

CREATE TABLE level_list (
    id INTEGER NOT NULL,
    token_id INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    content_sha256 TEXT NOT NULL,
    raw_id INTEGER,
    CONSTRAINT pk_level_list PRIMARY KEY (id),
    CONSTRAINT ck_level_list_token_id CHECK (token_id BETWEEN 1 AND 1000000000000000),
    CONSTRAINT ck_level_list_seen_at CHECK (seen_at BETWEEN 946684800000 AND 4102444800000),
    CONSTRAINT fk_level_list_content_sha256 FOREIGN KEY(content_sha256) REFERENCES content (sha256) ON DELETE RESTRICT,
    CONSTRAINT fk_level_list_raw_id FOREIGN KEY(raw_id) REFERENCES raw_response (id) ON DELETE RESTRICT
)
 STRICT;

CREATE INDEX ix_level_list_raw_id ON level_list (raw_id);

CREATE INDEX ix_level_list_series ON level_list (token_id, seen_at);

CREATE TABLE metric (
    id INTEGER NOT NULL,
    token_id INTEGER NOT NULL,
    valid_time INTEGER NOT NULL,
    content_sha256 TEXT NOT NULL,
    available_at INTEGER,
    raw_id INTEGER,
    CONSTRAINT pk_metric PRIMARY KEY (id),
    CONSTRAINT ck_metric_token_id CHECK (token_id BETWEEN 1 AND 1000000000000000),
    CONSTRAINT ck_metric_valid_time CHECK (valid_time BETWEEN 946684800000 AND 4102444800000),
    CONSTRAINT ck_metric_available_at CHECK (available_at BETWEEN 946684800000 AND 4102444800000),
    CONSTRAINT fk_metric_content_sha256 FOREIGN KEY(content_sha256) REFERENCES content (sha256) ON DELETE RESTRICT,
    CONSTRAINT fk_metric_raw_id FOREIGN KEY(raw_id) REFERENCES raw_response (id) ON DELETE RESTRICT
)
 STRICT;

CREATE INDEX ix_metric_raw_id ON metric (raw_id);

CREATE INDEX ix_metric_series ON metric (token_id, valid_time);

CREATE TABLE signal (
    id INTEGER NOT NULL,
    token_id INTEGER NOT NULL,
    source TEXT NOT NULL,
    valid_time INTEGER NOT NULL,
    signal TEXT NOT NULL,
    available_at INTEGER,
    raw_id INTEGER,
    CONSTRAINT pk_signal PRIMARY KEY (id),
    CONSTRAINT ck_signal_token_id CHECK (token_id BETWEEN 1 AND 1000000000000000),
    CONSTRAINT ck_signal_source CHECK (source IN ('hourly', 'daily')),
    CONSTRAINT ck_signal_valid_time CHECK (valid_time BETWEEN 946684800000 AND 4102444800000),
    CONSTRAINT ck_signal_available_at CHECK (available_at BETWEEN 946684800000 AND 4102444800000),
    CONSTRAINT fk_signal_raw_id FOREIGN KEY(raw_id) REFERENCES raw_response (id) ON DELETE RESTRICT
)
 STRICT;

CREATE INDEX ix_signal_raw_id ON signal (raw_id);

CREATE INDEX ix_signal_series ON signal (token_id, source, valid_time);

CREATE TABLE token_seen (
    id INTEGER NOT NULL,
    token_id INTEGER NOT NULL,
    symbol TEXT NOT NULL,
    name TEXT NOT NULL,
    sector TEXT NOT NULL,
    category TEXT NOT NULL,
    tick TEXT,
    lot TEXT,
    min_notional TEXT,
    volume_unit TEXT NOT NULL,
    market_cap TEXT,
    available_at INTEGER,
    raw_id INTEGER,
    CONSTRAINT pk_token_seen PRIMARY KEY (id),
    CONSTRAINT ck_token_seen_token_id CHECK (token_id BETWEEN 1 AND 1000000000000000),
    CONSTRAINT ck_token_seen_tick CHECK ((tick GLOB '[0-9]*' OR tick GLOB '-[0-9]*') AND tick NOT GLOB '*[^0-9.-]*' AND tick NOT GLOB '?*-*' AND tick NOT GLOB '*.*.*' AND tick NOT GLOB '*.*0' AND tick NOT GLOB '*.' AND tick NOT GLOB '0[0-9]*' AND tick NOT GLOB '-0[0-9]*' AND tick <> '-0'),
    CONSTRAINT ck_token_seen_lot CHECK ((lot GLOB '[0-9]*' OR lot GLOB '-[0-9]*') AND lot NOT GLOB '*[^0-9.-]*' AND lot NOT GLOB '?*-*' AND lot NOT GLOB '*.*.*' AND lot NOT GLOB '*.*0' AND lot NOT GLOB '*.' AND lot NOT GLOB '0[0-9]*' AND lot NOT GLOB '-0[0-9]*' AND lot <> '-0'),
    CONSTRAINT ck_token_seen_min_notional CHECK ((min_notional GLOB '[0-9]*' OR min_notional GLOB '-[0-9]*') AND min_notional NOT GLOB '*[^0-9.-]*' AND min_notional NOT GLOB '?*-*' AND min_notional NOT GLOB '*.*.*' AND min_notional NOT GLOB '*.*0' AND min_notional NOT GLOB '*.' AND min_notional NOT GLOB '0[0-9]*' AND min_notional NOT GLOB '-0[0-9]*' AND min_notional <> '-0'),
    CONSTRAINT ck_token_seen_volume_unit CHECK (volume_unit IN ('', 'base', 'quote', 'unknown')),
    CONSTRAINT ck_token_seen_market_cap CHECK ((market_cap GLOB '[0-9]*' OR market_cap GLOB '-[0-9]*') AND market_cap NOT GLOB '*[^0-9.-]*' AND market_cap NOT GLOB '?*-*' AND market_cap NOT GLOB '*.*.*' AND market_cap NOT GLOB '*.*0' AND market_cap NOT GLOB '*.' AND market_cap NOT GLOB '0[0-9]*' AND market_cap NOT GLOB '-0[0-9]*' AND market_cap <> '-0'),
    CONSTRAINT ck_token_seen_available_at CHECK (available_at BETWEEN 946684800000 AND 4102444800000),
    CONSTRAINT fk_token_seen_raw_id FOREIGN KEY(raw_id) REFERENCES raw_response (id) ON DELETE RESTRICT
)
 STRICT;

CREATE INDEX ix_token_seen_raw_id ON token_seen (raw_id);

CREATE INDEX ix_token_seen_token_id ON token_seen (token_id, id);

CREATE TABLE cash_entry (
    id INTEGER NOT NULL,
    transaction_id TEXT NOT NULL,
    leg INTEGER NOT NULL,
    strategy TEXT NOT NULL,
    slot INTEGER NOT NULL,
    account TEXT NOT NULL,
    amount INTEGER NOT NULL,
    CONSTRAINT pk_cash_entry PRIMARY KEY (id),
    CONSTRAINT ck_cash_entry_transaction_id CHECK (length(transaction_id) > 0),
    CONSTRAINT ck_cash_entry_leg CHECK (leg BETWEEN 0 AND 1000000000000000),
    CONSTRAINT ck_cash_entry_strategy CHECK (length(strategy) > 0),
    CONSTRAINT ck_cash_entry_slot CHECK (slot BETWEEN 946684800000 AND 4102444800000 AND slot % 3600000 = 0),
    CONSTRAINT ck_cash_entry_account CHECK (account IN ('CASH', 'TRADE', 'FEE', 'OPENING')),
    CONSTRAINT ck_cash_entry_amount CHECK (amount BETWEEN -100000000000000000 AND 100000000000000000),
    CONSTRAINT fk_cash_entry_strategy FOREIGN KEY(strategy, slot) REFERENCES cycle (strategy, slot) ON DELETE RESTRICT,
    CONSTRAINT uq_cash_entry_transaction_id_leg UNIQUE (transaction_id, leg)
)
 STRICT;

CREATE INDEX ix_cash_entry_strategy ON cash_entry (strategy, account);

CREATE TABLE decision (
    id TEXT NOT NULL,
    strategy TEXT NOT NULL,
    slot INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    token_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    edge_time INTEGER,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL,
    details TEXT NOT NULL,
    CONSTRAINT pk_decision PRIMARY KEY (id),
    CONSTRAINT ck_decision_id CHECK (length(id) > 0),
    CONSTRAINT ck_decision_strategy CHECK (length(strategy) > 0),
    CONSTRAINT ck_decision_slot CHECK (slot BETWEEN 946684800000 AND 4102444800000 AND slot % 3600000 = 0),
    CONSTRAINT ck_decision_ordinal CHECK (ordinal BETWEEN 0 AND 1000000000000000),
    CONSTRAINT ck_decision_token_id CHECK (token_id BETWEEN 1 AND 1000000000000000),
    CONSTRAINT ck_decision_kind CHECK (length(kind) > 0),
    CONSTRAINT ck_decision_edge_time CHECK (edge_time BETWEEN 946684800000 AND 4102444800000),
    CONSTRAINT ck_decision_outcome CHECK (length(outcome) > 0),
    CONSTRAINT ck_decision_details CHECK (details GLOB '{*}' OR details GLOB '[[]*]'),
    CONSTRAINT fk_decision_strategy FOREIGN KEY(strategy, slot) REFERENCES cycle (strategy, slot) ON DELETE RESTRICT,
    CONSTRAINT uq_decision_strategy_slot_ordinal UNIQUE (strategy, slot, ordinal)
)
 STRICT;

CREATE INDEX ix_decision_token_id ON decision (token_id, slot);

CREATE TABLE equity (
    strategy TEXT NOT NULL,
    slot INTEGER NOT NULL,
    cash INTEGER NOT NULL,
    value INTEGER NOT NULL,
    equity INTEGER NOT NULL,
    realised INTEGER NOT NULL,
    unrealised INTEGER NOT NULL,
    peak INTEGER NOT NULL,
    CONSTRAINT pk_equity PRIMARY KEY (strategy, slot),
    CONSTRAINT ck_equity_strategy CHECK (length(strategy) > 0),
    CONSTRAINT ck_equity_slot CHECK (slot BETWEEN 946684800000 AND 4102444800000 AND slot % 3600000 = 0),
    CONSTRAINT ck_equity_cash CHECK (cash BETWEEN -100000000000000000 AND 100000000000000000),
    CONSTRAINT ck_equity_value CHECK (value BETWEEN -100000000000000000 AND 100000000000000000),
    CONSTRAINT ck_equity_equity CHECK (equity BETWEEN -100000000000000000 AND 100000000000000000),
    CONSTRAINT ck_equity_realised CHECK (realised BETWEEN -100000000000000000 AND 100000000000000000),
    CONSTRAINT ck_equity_unrealised CHECK (unrealised BETWEEN -100000000000000000 AND 100000000000000000),
    CONSTRAINT ck_equity_peak CHECK (peak BETWEEN -100000000000000000 AND 100000000000000000),
    CONSTRAINT ck_equity_identity CHECK (equity = cash + value AND cash >= 0 AND value >= 0),
    CONSTRAINT fk_equity_strategy FOREIGN KEY(strategy, slot) REFERENCES cycle (strategy, slot) ON DELETE RESTRICT
)
 STRICT;

CREATE TABLE journal (
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    strategy TEXT NOT NULL,
    slot INTEGER NOT NULL,
    body TEXT NOT NULL,
    prev_hash TEXT NOT NULL,
    hash TEXT NOT NULL,
    CONSTRAINT pk_journal PRIMARY KEY (seq),
    CONSTRAINT ck_journal_kind CHECK (kind IN ('CYCLE')),
    CONSTRAINT ck_journal_strategy CHECK (length(strategy) > 0),
    CONSTRAINT ck_journal_slot CHECK (slot BETWEEN 946684800000 AND 4102444800000 AND slot % 3600000 = 0),
    CONSTRAINT ck_journal_prev_hash CHECK (length(prev_hash) = 64 AND prev_hash NOT GLOB '*[^0-9a-f]*'),
    CONSTRAINT ck_journal_hash CHECK (length(hash) = 64 AND hash NOT GLOB '*[^0-9a-f]*'),
    CONSTRAINT fk_journal_strategy FOREIGN KEY(strategy, slot) REFERENCES cycle (strategy, slot) ON DELETE RESTRICT,
    CONSTRAINT uq_journal_strategy_slot UNIQUE (strategy, slot)
)
 STRICT;

CREATE TABLE notice (
    id INTEGER NOT NULL,
    strategy TEXT NOT NULL,
    slot INTEGER NOT NULL,
    token_id INTEGER,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL,
    CONSTRAINT pk_notice PRIMARY KEY (id),
    CONSTRAINT ck_notice_strategy CHECK (length(strategy) > 0),
    CONSTRAINT ck_notice_slot CHECK (slot BETWEEN 946684800000 AND 4102444800000 AND slot % 3600000 = 0),
    CONSTRAINT ck_notice_token_id CHECK (token_id BETWEEN 1 AND 1000000000000000),
    CONSTRAINT ck_notice_kind CHECK (length(kind) > 0),
    CONSTRAINT fk_notice_strategy FOREIGN KEY(strategy, slot) REFERENCES cycle (strategy, slot) ON DELETE RESTRICT
)
 STRICT;

CREATE TABLE outbox (
    id INTEGER NOT NULL,
    dedup TEXT NOT NULL,
    strategy TEXT NOT NULL,
    slot INTEGER NOT NULL,
    topic TEXT NOT NULL,
    body TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    sent_at INTEGER,
    last_error TEXT,
    CONSTRAINT pk_outbox PRIMARY KEY (id),
    CONSTRAINT ck_outbox_dedup CHECK (length(dedup) > 0),
    CONSTRAINT ck_outbox_strategy CHECK (length(strategy) > 0),
    CONSTRAINT ck_outbox_slot CHECK (slot BETWEEN 946684800000 AND 4102444800000 AND slot % 3600000 = 0),
    CONSTRAINT ck_outbox_topic CHECK (length(topic) > 0),
    CONSTRAINT ck_outbox_body CHECK (body GLOB '{*}' OR body GLOB '[[]*]'),
    CONSTRAINT ck_outbox_attempts CHECK (attempts BETWEEN 0 AND 1000000000000000),
    CONSTRAINT ck_outbox_sent_at CHECK (sent_at BETWEEN 946684800000 AND 4102444800000),
    CONSTRAINT fk_outbox_strategy FOREIGN KEY(strategy, slot) REFERENCES cycle (strategy, slot) ON DELETE RESTRICT,
    CONSTRAINT uq_outbox_dedup UNIQUE (dedup)
)
 STRICT;

CREATE INDEX ix_outbox_unsent ON outbox (id) WHERE sent_at IS NULL;

CREATE TABLE "order" (
    id TEXT NOT NULL,
    strategy TEXT NOT NULL,
    slot INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    token_id INTEGER NOT NULL,
    action TEXT NOT NULL,
    leg INTEGER NOT NULL,
    quantity_lots INTEGER NOT NULL,
    eligible_from INTEGER NOT NULL,
    stop_ticks INTEGER,
    target_ticks INTEGER,
    cap_ticks INTEGER,
    decision_id TEXT,
    request_hash TEXT NOT NULL,
    body TEXT NOT NULL,
    CONSTRAINT pk_order PRIMARY KEY (id),
    CONSTRAINT ck_order_id CHECK (length(id) = 32 AND id NOT GLOB '*[^0-9a-f]*'),
    CONSTRAINT ck_order_strategy CHECK (length(strategy) > 0),
    CONSTRAINT ck_order_slot CHECK (slot BETWEEN 946684800000 AND 4102444800000 AND slot % 3600000 = 0),
    CONSTRAINT ck_order_ordinal CHECK (ordinal BETWEEN 0 AND 1000000000000000),
    CONSTRAINT ck_order_token_id CHECK (token_id BETWEEN 1 AND 1000000000000000),
    CONSTRAINT ck_order_action CHECK (length(action) > 0),
    CONSTRAINT ck_order_leg CHECK (leg BETWEEN 0 AND 1000000000000000),
    CONSTRAINT ck_order_quantity_lots CHECK (quantity_lots BETWEEN 1 AND 1000000000000000),
    CONSTRAINT ck_order_eligible_from CHECK (eligible_from BETWEEN 946684800000 AND 4102444800000),
    CONSTRAINT ck_order_stop_ticks CHECK (stop_ticks BETWEEN 1 AND 1000000000000000),
    CONSTRAINT ck_order_target_ticks CHECK (target_ticks BETWEEN 1 AND 1000000000000000),
    CONSTRAINT ck_order_cap_ticks CHECK (cap_ticks BETWEEN 1 AND 1000000000000000),
    CONSTRAINT ck_order_request_hash CHECK (length(request_hash) = 64 AND request_hash NOT GLOB '*[^0-9a-f]*'),
    CONSTRAINT ck_order_body CHECK (body GLOB '{*}' OR body GLOB '[[]*]'),
    CONSTRAINT fk_order_strategy FOREIGN KEY(strategy, slot) REFERENCES cycle (strategy, slot) ON DELETE RESTRICT,
    CONSTRAINT uq_order_strategy_token_id_slot_action_leg UNIQUE (strategy, token_id, slot, action, leg),
    CONSTRAINT fk_order_decision_id FOREIGN KEY(decision_id) REFERENCES decision (id) ON DELETE RESTRICT
)
 STRICT;

CREATE TABLE fill (
    id TEXT NOT NULL,
    order_id TEXT NOT NULL,
    strategy TEXT NOT NULL,
    slot INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    token_id INTEGER NOT NULL,
    open_time INTEGER NOT NULL,
    side TEXT NOT NULL,
    quantity_lots INTEGER NOT NULL,
    price_ticks INTEGER NOT NULL,
    notional INTEGER NOT NULL,
    fee INTEGER NOT NULL,
    reason TEXT NOT NULL,
    ref_points INTEGER NOT NULL,
    CONSTRAINT pk_fill PRIMARY KEY (id),
    CONSTRAINT ck_fill_id CHECK (length(id) > 0),
    CONSTRAINT ck_fill_strategy CHECK (length(strategy) > 0),
    CONSTRAINT ck_fill_slot CHECK (slot BETWEEN 946684800000 AND 4102444800000 AND slot % 3600000 = 0),
    CONSTRAINT ck_fill_ordinal CHECK (ordinal BETWEEN 0 AND 1000000000000000),
    CONSTRAINT ck_fill_token_id CHECK (token_id BETWEEN 1 AND 1000000000000000),
    CONSTRAINT ck_fill_open_time CHECK (open_time BETWEEN 946684800000 AND 4102444800000),
    CONSTRAINT ck_fill_side CHECK (side IN ('BUY', 'SELL')),
    CONSTRAINT ck_fill_quantity_lots CHECK (quantity_lots BETWEEN 1 AND 1000000000000000),
    CONSTRAINT ck_fill_price_ticks CHECK (price_ticks BETWEEN 1 AND 1000000000000000),
    CONSTRAINT ck_fill_notional CHECK (notional BETWEEN -100000000000000000 AND 100000000000000000),
    CONSTRAINT ck_fill_fee CHECK (fee BETWEEN -100000000000000000 AND 100000000000000000),
    CONSTRAINT ck_fill_fee_not_negative CHECK (fee >= 0 AND notional > 0),
    CONSTRAINT ck_fill_reason CHECK (length(reason) > 0),
    CONSTRAINT ck_fill_ref_points CHECK (ref_points BETWEEN 1 AND 1000000000000000),
    CONSTRAINT fk_fill_strategy FOREIGN KEY(strategy, slot) REFERENCES cycle (strategy, slot) ON DELETE RESTRICT,
    CONSTRAINT uq_fill_strategy_slot_ordinal UNIQUE (strategy, slot, ordinal),
    CONSTRAINT fk_fill_order_id FOREIGN KEY(order_id) REFERENCES "order" (id) ON DELETE RESTRICT
)
 STRICT;

CREATE INDEX ix_fill_order_id ON fill (order_id);

CREATE TABLE order_event (
    id TEXT NOT NULL,
    order_id TEXT NOT NULL,
    strategy TEXT NOT NULL,
    slot INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    token_id INTEGER NOT NULL,
    open_time INTEGER,
    kind TEXT NOT NULL,
    quantity_lots INTEGER NOT NULL,
    reason TEXT NOT NULL,
    CONSTRAINT pk_order_event PRIMARY KEY (id),
    CONSTRAINT ck_order_event_id CHECK (length(id) > 0),
    CONSTRAINT ck_order_event_strategy CHECK (length(strategy) > 0),
    CONSTRAINT ck_order_event_slot CHECK (slot BETWEEN 946684800000 AND 4102444800000 AND slot % 3600000 = 0),
    CONSTRAINT ck_order_event_ordinal CHECK (ordinal BETWEEN 0 AND 1000000000000000),
    CONSTRAINT ck_order_event_token_id CHECK (token_id BETWEEN 1 AND 1000000000000000),
    CONSTRAINT ck_order_event_open_time CHECK (open_time BETWEEN 946684800000 AND 4102444800000),
    CONSTRAINT ck_order_event_kind CHECK (kind IN ('CANCEL', 'RESIZE', 'TRIGGER')),
    CONSTRAINT ck_order_event_quantity_lots CHECK (quantity_lots BETWEEN 0 AND 1000000000000000),
    CONSTRAINT ck_order_event_reason CHECK (length(reason) > 0),
    CONSTRAINT fk_order_event_strategy FOREIGN KEY(strategy, slot) REFERENCES cycle (strategy, slot) ON DELETE RESTRICT,
    CONSTRAINT uq_order_event_strategy_slot_ordinal UNIQUE (strategy, slot, ordinal),
    CONSTRAINT fk_order_event_order_id FOREIGN KEY(order_id) REFERENCES "order" (id) ON DELETE RESTRICT
)
 STRICT;

CREATE INDEX ix_order_event_order_id ON order_event (order_id);

CREATE TRIGGER raw_response_no_update BEFORE UPDATE ON "raw_response" BEGIN SELECT RAISE(ABORT, 'raw_response is append-only'); END;

CREATE TRIGGER raw_response_no_delete BEFORE DELETE ON "raw_response" BEGIN SELECT RAISE(ABORT, 'raw_response is append-only'); END;

CREATE TRIGGER content_no_update BEFORE UPDATE ON "content" BEGIN SELECT RAISE(ABORT, 'content is append-only'); END;

CREATE TRIGGER content_no_delete BEFORE DELETE ON "content" BEGIN SELECT RAISE(ABORT, 'content is append-only'); END;

CREATE TRIGGER token_seen_no_update BEFORE UPDATE ON "token_seen" BEGIN SELECT RAISE(ABORT, 'token_seen is append-only'); END;

CREATE TRIGGER token_seen_no_delete BEFORE DELETE ON "token_seen" BEGIN SELECT RAISE(ABORT, 'token_seen is append-only'); END;

CREATE TRIGGER bar_no_update BEFORE UPDATE ON "bar" BEGIN SELECT RAISE(ABORT, 'bar is append-only'); END;

CREATE TRIGGER bar_no_delete BEFORE DELETE ON "bar" BEGIN SELECT RAISE(ABORT, 'bar is append-only'); END;

CREATE TRIGGER signal_no_update BEFORE UPDATE ON "signal" BEGIN SELECT RAISE(ABORT, 'signal is append-only'); END;

CREATE TRIGGER signal_no_delete BEFORE DELETE ON "signal" BEGIN SELECT RAISE(ABORT, 'signal is append-only'); END;

CREATE TRIGGER metric_no_update BEFORE UPDATE ON "metric" BEGIN SELECT RAISE(ABORT, 'metric is append-only'); END;

CREATE TRIGGER metric_no_delete BEFORE DELETE ON "metric" BEGIN SELECT RAISE(ABORT, 'metric is append-only'); END;

CREATE TRIGGER level_list_no_update BEFORE UPDATE ON "level_list" BEGIN SELECT RAISE(ABORT, 'level_list is append-only'); END;

CREATE TRIGGER level_list_no_delete BEFORE DELETE ON "level_list" BEGIN SELECT RAISE(ABORT, 'level_list is append-only'); END;

CREATE TRIGGER grade_no_update BEFORE UPDATE ON "grade" BEGIN SELECT RAISE(ABORT, 'grade is append-only'); END;

CREATE TRIGGER grade_no_delete BEFORE DELETE ON "grade" BEGIN SELECT RAISE(ABORT, 'grade is append-only'); END;

CREATE TRIGGER slot_no_update BEFORE UPDATE ON "slot" BEGIN SELECT RAISE(ABORT, 'slot is append-only'); END;

CREATE TRIGGER slot_no_delete BEFORE DELETE ON "slot" BEGIN SELECT RAISE(ABORT, 'slot is append-only'); END;

CREATE TRIGGER instrument_no_update BEFORE UPDATE ON "instrument" BEGIN SELECT RAISE(ABORT, 'instrument is append-only'); END;

CREATE TRIGGER instrument_no_delete BEFORE DELETE ON "instrument" BEGIN SELECT RAISE(ABORT, 'instrument is append-only'); END;

CREATE TRIGGER universe_no_update BEFORE UPDATE ON "universe" BEGIN SELECT RAISE(ABORT, 'universe is append-only'); END;

CREATE TRIGGER universe_no_delete BEFORE DELETE ON "universe" BEGIN SELECT RAISE(ABORT, 'universe is append-only'); END;

CREATE TRIGGER slot_input_no_update BEFORE UPDATE ON "slot_input" BEGIN SELECT RAISE(ABORT, 'slot_input is append-only'); END;

CREATE TRIGGER slot_input_no_delete BEFORE DELETE ON "slot_input" BEGIN SELECT RAISE(ABORT, 'slot_input is append-only'); END;

CREATE TRIGGER config_version_no_update BEFORE UPDATE ON "config_version" BEGIN SELECT RAISE(ABORT, 'config_version is append-only'); END;

CREATE TRIGGER config_version_no_delete BEFORE DELETE ON "config_version" BEGIN SELECT RAISE(ABORT, 'config_version is append-only'); END;

CREATE TRIGGER cycle_no_update BEFORE UPDATE ON "cycle" BEGIN SELECT RAISE(ABORT, 'cycle is append-only'); END;

CREATE TRIGGER cycle_no_delete BEFORE DELETE ON "cycle" BEGIN SELECT RAISE(ABORT, 'cycle is append-only'); END;

CREATE TRIGGER decision_no_update BEFORE UPDATE ON "decision" BEGIN SELECT RAISE(ABORT, 'decision is append-only'); END;

CREATE TRIGGER decision_no_delete BEFORE DELETE ON "decision" BEGIN SELECT RAISE(ABORT, 'decision is append-only'); END;

CREATE TRIGGER order_no_update BEFORE UPDATE ON "order" BEGIN SELECT RAISE(ABORT, 'order is append-only'); END;

CREATE TRIGGER order_no_delete BEFORE DELETE ON "order" BEGIN SELECT RAISE(ABORT, 'order is append-only'); END;

CREATE TRIGGER fill_no_update BEFORE UPDATE ON "fill" BEGIN SELECT RAISE(ABORT, 'fill is append-only'); END;

CREATE TRIGGER fill_no_delete BEFORE DELETE ON "fill" BEGIN SELECT RAISE(ABORT, 'fill is append-only'); END;

CREATE TRIGGER order_event_no_update BEFORE UPDATE ON "order_event" BEGIN SELECT RAISE(ABORT, 'order_event is append-only'); END;

CREATE TRIGGER order_event_no_delete BEFORE DELETE ON "order_event" BEGIN SELECT RAISE(ABORT, 'order_event is append-only'); END;

CREATE TRIGGER cash_entry_no_update BEFORE UPDATE ON "cash_entry" BEGIN SELECT RAISE(ABORT, 'cash_entry is append-only'); END;

CREATE TRIGGER cash_entry_no_delete BEFORE DELETE ON "cash_entry" BEGIN SELECT RAISE(ABORT, 'cash_entry is append-only'); END;

CREATE TRIGGER equity_no_update BEFORE UPDATE ON "equity" BEGIN SELECT RAISE(ABORT, 'equity is append-only'); END;

CREATE TRIGGER equity_no_delete BEFORE DELETE ON "equity" BEGIN SELECT RAISE(ABORT, 'equity is append-only'); END;

CREATE TRIGGER journal_no_update BEFORE UPDATE ON "journal" BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END;

CREATE TRIGGER journal_no_delete BEFORE DELETE ON "journal" BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END;

CREATE TRIGGER conflict_no_update BEFORE UPDATE ON "conflict" BEGIN SELECT RAISE(ABORT, 'conflict is append-only'); END;

CREATE TRIGGER conflict_no_delete BEFORE DELETE ON "conflict" BEGIN SELECT RAISE(ABORT, 'conflict is append-only'); END;

CREATE TRIGGER notice_no_update BEFORE UPDATE ON "notice" BEGIN SELECT RAISE(ABORT, 'notice is append-only'); END;

CREATE TRIGGER notice_no_delete BEFORE DELETE ON "notice" BEGIN SELECT RAISE(ABORT, 'notice is append-only'); END;

CREATE TRIGGER meta_no_delete BEFORE DELETE ON "meta" BEGIN SELECT RAISE(ABORT, 'rows of meta are kept'); END;

CREATE TRIGGER position_no_delete BEFORE DELETE ON "position" BEGIN SELECT RAISE(ABORT, 'rows of position are kept'); END;

CREATE TRIGGER account_no_delete BEFORE DELETE ON "account" BEGIN SELECT RAISE(ABORT, 'rows of account are kept'); END;

CREATE TRIGGER outbox_no_delete BEFORE DELETE ON "outbox" BEGIN SELECT RAISE(ABORT, 'rows of outbox are kept'); END;

CREATE TRIGGER lease_no_delete BEFORE DELETE ON "lease" BEGIN SELECT RAISE(ABORT, 'rows of lease are kept'); END;

CREATE TRIGGER account_forward BEFORE UPDATE ON "account" WHEN NEW.slot <= OLD.slot BEGIN SELECT RAISE(ABORT, 'the watermark only moves forward'); END;

CREATE TRIGGER lease_forward BEFORE UPDATE ON "lease" WHEN NEW.epoch < OLD.epoch BEGIN SELECT RAISE(ABORT, 'the epoch of the lease only rises'); END;

CREATE TRIGGER journal_chain BEFORE INSERT ON "journal" WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM journal) OR NEW.prev_hash <> coalesce((SELECT hash FROM journal ORDER BY seq DESC LIMIT 1), '0000000000000000000000000000000000000000000000000000000000000000') BEGIN SELECT RAISE(ABORT, 'the journal is one chain without gaps'); END;
