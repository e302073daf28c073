"""The tables of a sandbox's books. Money in thousandths, times in milliseconds since 1970."""

VERSION = 1

# What a reset empties; wallets, keys and counters stay.
LAPSING = (
    "entry",
    "service",
    "activation",
    "message",
    "agenda",
    "outbox",
    "delivery",
    "request",
    "fault",
)

TABLES = """
CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL);

CREATE TABLE wallet (
    id INTEGER PRIMARY KEY,
    provider TEXT NOT NULL,
    name TEXT NOT NULL,
    opening INTEGER NOT NULL CHECK (opening >= 0),
    balance INTEGER NOT NULL CHECK (balance >= 0),
    webhook_url TEXT NOT NULL DEFAULT '',
    per_minute INTEGER NOT NULL DEFAULT 0,
    per_day INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE api_key (
    id INTEGER PRIMARY KEY,
    provider TEXT NOT NULL,
    wallet_id INTEGER NOT NULL REFERENCES wallet (id),
    secret TEXT NOT NULL,
    revoked INTEGER NOT NULL DEFAULT 0,
    UNIQUE (provider, secret)
);
CREATE TABLE entry (
    provider TEXT NOT NULL,
    id INTEGER NOT NULL,
    wallet_id INTEGER NOT NULL REFERENCES wallet (id),
    type TEXT NOT NULL CHECK (type IN ('purchase', 'refund', 'deposit')),
    amount INTEGER NOT NULL CHECK (amount > 0),
    description TEXT NOT NULL,
    activation_id INTEGER,
    created INTEGER NOT NULL,
    PRIMARY KEY (provider, id)
);
CREATE INDEX entry_by_wallet ON entry (wallet_id, type, id);

CREATE TABLE service (
    provider TEXT NOT NULL,
    code TEXT NOT NULL,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    price INTEGER NOT NULL CHECK (price > 0),
    ttl INTEGER NOT NULL CHECK (ttl > 0),
    stock INTEGER NOT NULL CHECK (stock >= 0),
    multiple_sms INTEGER NOT NULL,
    PRIMARY KEY (provider, code)
);

CREATE TABLE activation (
    provider TEXT NOT NULL,
    id INTEGER NOT NULL,
    wallet_id INTEGER NOT NULL REFERENCES wallet (id),
    rental_number INTEGER NOT NULL,
    service_code TEXT NOT NULL,
    service_name TEXT NOT NULL,
    multiple_sms INTEGER NOT NULL,
    phone TEXT NOT NULL,
    area_code TEXT NOT NULL,
    carrier TEXT NOT NULL,
    price INTEGER NOT NULL,
    ttl INTEGER NOT NULL,
    state TEXT NOT NULL
        CHECK (state IN ('waiting', 'received', 'finished', 'canceled', 'expired')),
    live INTEGER NOT NULL DEFAULT 1,
    outside INTEGER NOT NULL DEFAULT 0,
    next_message TEXT NOT NULL DEFAULT '',
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    PRIMARY KEY (provider, id)
);
CREATE UNIQUE INDEX activation_live_phone ON activation (provider, phone) WHERE live;

CREATE TABLE message (
    provider TEXT NOT NULL,
    id TEXT NOT NULL,
    activation_id INTEGER NOT NULL,
    code TEXT NOT NULL,
    text TEXT NOT NULL,
    received INTEGER NOT NULL,
    PRIMARY KEY (provider, id)
);
CREATE INDEX message_by_activation ON message (provider, activation_id);

CREATE TABLE agenda (
    id INTEGER PRIMARY KEY,
    due INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('expiry', 'refund', 'sms')),
    provider TEXT NOT NULL,
    activation_id INTEGER NOT NULL,
    amount INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX agenda_by_due ON agenda (due);

CREATE TABLE outbox (
    id INTEGER PRIMARY KEY,
    due INTEGER NOT NULL,
    wallet_id INTEGER NOT NULL REFERENCES wallet (id),
    provider TEXT NOT NULL,
    activation_id INTEGER NOT NULL,
    service_code TEXT NOT NULL,
    message_id TEXT NOT NULL,
    code TEXT NOT NULL,
    text TEXT NOT NULL,
    received INTEGER NOT NULL,
    forged INTEGER NOT NULL DEFAULT 0,
    held INTEGER NOT NULL DEFAULT 0,
    attempt INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX outbox_by_due ON outbox (due);

CREATE TABLE delivery (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    wallet_id INTEGER NOT NULL,
    provider TEXT NOT NULL,
    activation_id INTEGER NOT NULL,
    message_id TEXT NOT NULL,
    forged INTEGER NOT NULL,
    status INTEGER,
    ms INTEGER NOT NULL,
    note TEXT NOT NULL
);

CREATE TABLE request (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    provider TEXT NOT NULL,
    wallet_id INTEGER,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    key_last4 TEXT NOT NULL,
    counted INTEGER NOT NULL DEFAULT 0,
    status INTEGER,
    ms INTEGER,
    note TEXT NOT NULL DEFAULT ''
);
CREATE INDEX request_by_method ON request (method, provider, path);

CREATE TABLE fault (
    id INTEGER PRIMARY KEY,
    provider TEXT NOT NULL,
    wallet_id INTEGER,
    name TEXT NOT NULL,
    remaining INTEGER,
    options TEXT NOT NULL
);
"""
