-- What the second schema adds, one statement per paragraph.

CREATE TABLE raw_link (
    raw_id INTEGER NOT NULL,
    hash TEXT NOT NULL,
    CONSTRAINT pk_raw_link PRIMARY KEY (raw_id),
    CONSTRAINT ck_raw_link_hash CHECK (length(hash) = 64 AND hash NOT GLOB '*[^0-9a-f]*'),
    CONSTRAINT fk_raw_link_raw_id FOREIGN KEY(raw_id) REFERENCES raw_response (id) ON DELETE RESTRICT
)
 STRICT;

CREATE TABLE head (
    chain TEXT NOT NULL,
    number INTEGER NOT NULL,
    hash TEXT NOT NULL,
    CONSTRAINT pk_head PRIMARY KEY (chain),
    CONSTRAINT ck_head_chain CHECK (chain IN ('journal', 'record', 'command', 'outbox')),
    CONSTRAINT ck_head_number CHECK (number BETWEEN 0 AND 1000000000000000),
    CONSTRAINT ck_head_hash CHECK (length(hash) = 64 AND hash NOT GLOB '*[^0-9a-f]*')
)
 STRICT;

CREATE TABLE import_seal (
    id INTEGER NOT NULL,
    observed TEXT NOT NULL,
    first_id INTEGER NOT NULL,
    last_id INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    CONSTRAINT pk_import_seal PRIMARY KEY (id),
    CONSTRAINT ck_import_seal_observed CHECK (observed IN ('token_seen', 'bar', 'signal', 'metric', 'level_list', 'grade')),
    CONSTRAINT ck_import_seal_first_id CHECK (first_id BETWEEN 1 AND 1000000000000000),
    CONSTRAINT ck_import_seal_last_id CHECK (last_id BETWEEN 1 AND 1000000000000000),
    CONSTRAINT ck_import_seal_rows CHECK (rows BETWEEN 1 AND 1000000000000000),
    CONSTRAINT ck_import_seal_sha256 CHECK (length(sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*')
)
 STRICT;

CREATE TABLE tenure (
    strategy TEXT NOT NULL,
    slot INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    CONSTRAINT pk_tenure PRIMARY KEY (strategy, slot),
    CONSTRAINT ck_tenure_strategy CHECK (length(strategy) > 0),
    CONSTRAINT ck_tenure_slot CHECK (slot BETWEEN 946684800000 AND 4102444800000 AND slot % 3600000 = 0),
    CONSTRAINT ck_tenure_epoch CHECK (epoch BETWEEN 1 AND 1000000000000000),
    CONSTRAINT fk_tenure_strategy FOREIGN KEY(strategy, slot) REFERENCES cycle (strategy, slot) ON DELETE RESTRICT
)
 STRICT;

CREATE TABLE health (
    part TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    since INTEGER NOT NULL,
    CONSTRAINT pk_health PRIMARY KEY (part),
    CONSTRAINT ck_health_part CHECK (part IN ('slots', 'provider', 'clock')),
    CONSTRAINT ck_health_state CHECK (state IN ('healthy', 'degraded', 'failing')),
    CONSTRAINT ck_health_since CHECK (since BETWEEN 946684800000 AND 4102444800000)
)
 STRICT;

CREATE INDEX ix_notice_slot ON notice (strategy, slot);

CREATE INDEX ix_raw_response_sha256 ON raw_response (sha256);

CREATE TABLE raw_body (
    id INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    body BLOB NOT NULL,
    CONSTRAINT pk_raw_body PRIMARY KEY (id),
    CONSTRAINT ck_raw_body_sha256 CHECK (length(sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*'),
    CONSTRAINT ck_raw_body_body CHECK (length(body) > 0),
    CONSTRAINT uq_raw_body_sha256 UNIQUE (sha256)
)
 STRICT;

INSERT INTO raw_body (sha256, body) SELECT sha256, body FROM raw_response r WHERE id = (SELECT min(id) FROM raw_response s WHERE s.sha256 = r.sha256) ORDER BY id;

ALTER TABLE raw_response DROP COLUMN body;

CREATE TRIGGER raw_link_no_update BEFORE UPDATE ON "raw_link" BEGIN SELECT RAISE(ABORT, 'raw_link is append-only'); END;

CREATE TRIGGER raw_link_no_delete BEFORE DELETE ON "raw_link" BEGIN SELECT RAISE(ABORT, 'raw_link is append-only'); END;

CREATE TRIGGER import_seal_no_update BEFORE UPDATE ON "import_seal" BEGIN SELECT RAISE(ABORT, 'import_seal is append-only'); END;

CREATE TRIGGER import_seal_no_delete BEFORE DELETE ON "import_seal" BEGIN SELECT RAISE(ABORT, 'import_seal is append-only'); END;

CREATE TRIGGER tenure_no_update BEFORE UPDATE ON "tenure" BEGIN SELECT RAISE(ABORT, 'tenure is append-only'); END;

CREATE TRIGGER tenure_no_delete BEFORE DELETE ON "tenure" BEGIN SELECT RAISE(ABORT, 'tenure is append-only'); END;

CREATE TRIGGER head_no_delete BEFORE DELETE ON "head" BEGIN SELECT RAISE(ABORT, 'rows of head are kept'); END;

CREATE TRIGGER head_forward BEFORE UPDATE ON "head" WHEN NEW.number <= OLD.number BEGIN SELECT RAISE(ABORT, 'the head of a chain only moves forward'); END;

CREATE TABLE outbox_anew (
    id INTEGER NOT NULL,
    dedup TEXT NOT NULL,
    topic TEXT NOT NULL,
    strategy TEXT,
    slot INTEGER,
    event_time INTEGER NOT NULL,
    late INTEGER NOT NULL,
    body TEXT NOT NULL,
    written_at INTEGER NOT NULL,
    CONSTRAINT pk_outbox PRIMARY KEY (id),
    CONSTRAINT ck_outbox_dedup CHECK (length(dedup) = 32 AND dedup NOT GLOB '*[^0-9a-f]*'),
    CONSTRAINT ck_outbox_topic CHECK (length(topic) > 0),
    CONSTRAINT ck_outbox_strategy CHECK (length(strategy) > 0),
    CONSTRAINT ck_outbox_slot CHECK (slot BETWEEN 946684800000 AND 4102444800000 AND slot % 3600000 = 0),
    CONSTRAINT ck_outbox_event_time CHECK (event_time BETWEEN 946684800000 AND 4102444800000),
    CONSTRAINT ck_outbox_late CHECK (late IN (0, 1)),
    CONSTRAINT ck_outbox_body CHECK (body GLOB '{*}' OR body GLOB '[[]*]'),
    CONSTRAINT ck_outbox_written_at CHECK (written_at BETWEEN 946684800000 AND 4102444800000),
    CONSTRAINT fk_outbox_strategy FOREIGN KEY(strategy, slot) REFERENCES cycle (strategy, slot) ON DELETE RESTRICT,
    CONSTRAINT uq_outbox_dedup UNIQUE (dedup)
)
 STRICT;

INSERT INTO outbox_anew SELECT id, lower(hex(randomblob(16))), topic, strategy, slot, slot, 0, body, slot FROM outbox;

DROP TABLE outbox;

ALTER TABLE outbox_anew RENAME TO outbox;

CREATE TABLE outbox_start (
    strategy TEXT NOT NULL,
    slot INTEGER NOT NULL,
    CONSTRAINT pk_outbox_start PRIMARY KEY (strategy),
    CONSTRAINT ck_outbox_start_strategy CHECK (length(strategy) > 0),
    CONSTRAINT ck_outbox_start_slot CHECK (slot BETWEEN 946684800000 AND 4102444800000 AND slot % 3600000 = 0)
)
 STRICT;

CREATE TABLE outbox_sink (
    sink TEXT NOT NULL,
    active INTEGER NOT NULL,
    since_id INTEGER NOT NULL,
    quiet_until INTEGER,
    CONSTRAINT pk_outbox_sink PRIMARY KEY (sink),
    CONSTRAINT ck_outbox_sink_sink CHECK (length(sink) > 0),
    CONSTRAINT ck_outbox_sink_active CHECK (active IN (0, 1)),
    CONSTRAINT ck_outbox_sink_since_id CHECK (since_id BETWEEN 0 AND 1000000000000000),
    CONSTRAINT ck_outbox_sink_quiet_until CHECK (quiet_until BETWEEN 946684800000 AND 4102444800000 AND quiet_until % 3600000 = 0)
)
 STRICT;

CREATE TABLE outbox_delivery (
    sink TEXT NOT NULL,
    outbox_id INTEGER NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    next_attempt INTEGER NOT NULL,
    sent_at INTEGER,
    last_error TEXT,
    CONSTRAINT pk_outbox_delivery PRIMARY KEY (sink, outbox_id),
    CONSTRAINT ck_outbox_delivery_state CHECK (state IN ('WAITING', 'SENT', 'POISON')),
    CONSTRAINT ck_outbox_delivery_attempts CHECK (attempts BETWEEN 0 AND 1000000000000000),
    CONSTRAINT ck_outbox_delivery_next_attempt CHECK (next_attempt BETWEEN 946684800000 AND 4102444800000),
    CONSTRAINT ck_outbox_delivery_sent_at CHECK (sent_at BETWEEN 946684800000 AND 4102444800000),
    CONSTRAINT ck_outbox_delivery_sent CHECK ((state = 'SENT') = (sent_at IS NOT NULL)),
    CONSTRAINT fk_outbox_delivery_sink FOREIGN KEY(sink) REFERENCES outbox_sink (sink) ON DELETE RESTRICT,
    CONSTRAINT fk_outbox_delivery_outbox_id FOREIGN KEY(outbox_id) REFERENCES outbox (id) ON DELETE RESTRICT
)
 STRICT;

CREATE INDEX ix_outbox_delivery_open ON outbox_delivery (sink, state, outbox_id) WHERE state <> 'SENT';

CREATE TABLE pruning (
    id INTEGER NOT NULL,
    pruned_at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    first_id INTEGER NOT NULL,
    last_id INTEGER NOT NULL,
    responses INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    fetched_until INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    observed_sha256 TEXT NOT NULL,
    CONSTRAINT pk_pruning PRIMARY KEY (id),
    CONSTRAINT ck_pruning_pruned_at CHECK (pruned_at BETWEEN 946684800000 AND 4102444800000),
    CONSTRAINT ck_pruning_reason CHECK (reason IN ('AGE', 'SIZE')),
    CONSTRAINT ck_pruning_first_id CHECK (first_id BETWEEN 1 AND 1000000000000000),
    CONSTRAINT ck_pruning_last_id CHECK (last_id BETWEEN 1 AND 1000000000000000),
    CONSTRAINT ck_pruning_span CHECK (first_id <= last_id),
    CONSTRAINT ck_pruning_responses CHECK (responses BETWEEN 1 AND 1000000000000000),
    CONSTRAINT ck_pruning_bytes CHECK (bytes BETWEEN 0 AND 1000000000000000),
    CONSTRAINT ck_pruning_fetched_until CHECK (fetched_until BETWEEN 946684800000 AND 4102444800000),
    CONSTRAINT ck_pruning_sha256 CHECK (length(sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*'),
    CONSTRAINT ck_pruning_observed_sha256 CHECK (length(observed_sha256) = 64 AND observed_sha256 NOT GLOB '*[^0-9a-f]*')
)
 STRICT;

CREATE TRIGGER outbox_no_update BEFORE UPDATE ON "outbox" BEGIN SELECT RAISE(ABORT, 'outbox is append-only'); END;

CREATE TRIGGER outbox_no_delete BEFORE DELETE ON "outbox" BEGIN SELECT RAISE(ABORT, 'outbox is append-only'); END;

CREATE TRIGGER outbox_start_no_update BEFORE UPDATE ON "outbox_start" BEGIN SELECT RAISE(ABORT, 'outbox_start is append-only'); END;

CREATE TRIGGER outbox_start_no_delete BEFORE DELETE ON "outbox_start" BEGIN SELECT RAISE(ABORT, 'outbox_start is append-only'); END;

CREATE TRIGGER pruning_no_update BEFORE UPDATE ON "pruning" BEGIN SELECT RAISE(ABORT, 'pruning is append-only'); END;

CREATE TRIGGER pruning_no_delete BEFORE DELETE ON "pruning" BEGIN SELECT RAISE(ABORT, 'pruning is append-only'); END;

CREATE TRIGGER outbox_sink_no_delete BEFORE DELETE ON "outbox_sink" BEGIN SELECT RAISE(ABORT, 'rows of outbox_sink are kept'); END;

CREATE TRIGGER outbox_delivery_no_delete BEFORE DELETE ON "outbox_delivery" BEGIN SELECT RAISE(ABORT, 'rows of outbox_delivery are kept'); END;

CREATE TRIGGER outbox_sink_forward BEFORE UPDATE ON "outbox_sink" WHEN NEW.since_id < OLD.since_id BEGIN SELECT RAISE(ABORT, 'what a receiver was spared stays so'); END;

CREATE TRIGGER outbox_delivery_final BEFORE UPDATE ON "outbox_delivery" WHEN OLD.state = 'SENT' BEGIN SELECT RAISE(ABORT, 'what was sent stays sent'); END;

CREATE TABLE command (
    id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    strategy TEXT,
    token_id INTEGER,
    note TEXT NOT NULL,
    CONSTRAINT pk_command PRIMARY KEY (id),
    CONSTRAINT ck_command_at CHECK (at BETWEEN 946684800000 AND 4102444800000),
    CONSTRAINT ck_command_kind CHECK (kind IN ('PAUSE', 'RESUME', 'CLOSE', 'WRITE_OFF', 'ACK')),
    CONSTRAINT ck_command_source CHECK (length(source) > 0),
    CONSTRAINT ck_command_strategy CHECK (length(strategy) > 0),
    CONSTRAINT ck_command_token_id CHECK (token_id BETWEEN 1 AND 1000000000000000),
    CONSTRAINT ck_command_close CHECK (kind NOT IN ('CLOSE', 'WRITE_OFF') OR token_id IS NOT NULL),
    CONSTRAINT ck_command_pause CHECK (kind NOT IN ('PAUSE', 'RESUME') OR token_id IS NULL)
)
 STRICT;

CREATE TRIGGER command_no_update BEFORE UPDATE ON "command" BEGIN SELECT RAISE(ABORT, 'command is append-only'); END;

CREATE TRIGGER command_no_delete BEFORE DELETE ON "command" BEGIN SELECT RAISE(ABORT, 'command is append-only'); END;

CREATE TABLE order_anew (
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
    CONSTRAINT ck_order_quantity_lots CHECK (quantity_lots BETWEEN 0 AND 1000000000000000),
    CONSTRAINT ck_order_sized CHECK (quantity_lots > 0 OR action = 'EXIT'),
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

INSERT INTO order_anew SELECT * FROM "order" ORDER BY rowid;

DROP TABLE "order";

ALTER TABLE order_anew RENAME TO "order";

CREATE TRIGGER order_no_update BEFORE UPDATE ON "order" BEGIN SELECT RAISE(ABORT, 'order is append-only'); END;

CREATE TRIGGER order_no_delete BEFORE DELETE ON "order" BEGIN SELECT RAISE(ABORT, 'order is append-only'); END;

CREATE TRIGGER raw_body_no_update BEFORE UPDATE ON "raw_body" BEGIN SELECT RAISE(ABORT, 'raw_body is append-only'); END;

CREATE TRIGGER raw_body_no_delete BEFORE DELETE ON "raw_body" WHEN EXISTS (SELECT 1 FROM raw_response r WHERE r.sha256 = OLD.sha256 AND NOT EXISTS (SELECT 1 FROM pruning WHERE r.id BETWEEN first_id AND last_id AND r.fetched_at <= fetched_until)) OR NOT EXISTS (SELECT 1 FROM raw_response r WHERE r.sha256 = OLD.sha256) BEGIN SELECT RAISE(ABORT, 'raw_body is append-only'); END;

CREATE TABLE alert_state (
    strategy TEXT NOT NULL,
    slot INTEGER NOT NULL,
    body TEXT NOT NULL,
    CONSTRAINT pk_alert_state PRIMARY KEY (strategy),
    CONSTRAINT ck_alert_state_strategy CHECK (length(strategy) > 0),
    CONSTRAINT ck_alert_state_slot CHECK (slot BETWEEN 946684800000 AND 4102444800000 AND slot % 3600000 = 0),
    CONSTRAINT ck_alert_state_body CHECK (body GLOB '{*}' OR body GLOB '[[]*]')
)
 STRICT;

CREATE TRIGGER alert_state_no_delete BEFORE DELETE ON "alert_state" BEGIN SELECT RAISE(ABORT, 'rows of alert_state are kept'); END;
