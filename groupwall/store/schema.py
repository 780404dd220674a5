"""The tables, and the steps from one version of them to the next.

Keys carry no NULL and no row number: a rule's natural key is its primary key, with -1 where a protocol has no ports,
so the unique index itself is the last guard against a duplicate. Rows lie in the order of their keys, which is also
the order in which they are described: the output depends on the state, not on the way there.
"""

from __future__ import annotations

APPLICATION_ID = 0x67777731
"""Written into the file's header, so that a file of another program is told from ours."""

_VERSION_1 = """
CREATE TABLE head (
    one INTEGER PRIMARY KEY CHECK (one = 1), revision INTEGER NOT NULL, hash BLOB NOT NULL, seal BLOB NOT NULL
) STRICT;
CREATE TABLE change (
    revision INTEGER PRIMARY KEY, world INTEGER NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL,
    time INTEGER NOT NULL, caller TEXT NOT NULL,
    operation TEXT NOT NULL, request_id TEXT NOT NULL, request TEXT NOT NULL, previous BLOB NOT NULL, hash BLOB NOT NULL
) STRICT;
CREATE INDEX change_by_world ON change (world, revision);
CREATE TABLE delta (
    revision INTEGER NOT NULL, place INTEGER NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, before TEXT, after TEXT,
    PRIMARY KEY (revision, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX delta_by_id ON delta (id, revision);

CREATE TABLE world (
    world INTEGER PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL, UNIQUE (account, region)
) STRICT;
CREATE TABLE vpc (
    world INTEGER NOT NULL, id TEXT NOT NULL UNIQUE, cidr TEXT NOT NULL, tenancy TEXT NOT NULL,
    is_default INTEGER NOT NULL, dhcp_options_id TEXT NOT NULL, PRIMARY KEY (world, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX default_vpc ON vpc (world) WHERE is_default = 1;
CREATE TABLE vpc_cidr (
    world INTEGER NOT NULL, id TEXT NOT NULL UNIQUE, vpc_id TEXT NOT NULL, cidr TEXT NOT NULL,
    PRIMARY KEY (world, vpc_id, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE subnet (
    world INTEGER NOT NULL, id TEXT NOT NULL UNIQUE, vpc_id TEXT NOT NULL, zone TEXT NOT NULL, cidr TEXT NOT NULL,
    is_default INTEGER NOT NULL, public_ips INTEGER NOT NULL, PRIMARY KEY (world, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX subnet_by_vpc ON subnet (world, vpc_id);
CREATE TABLE security_group (
    world INTEGER NOT NULL, id TEXT NOT NULL UNIQUE, vpc_id TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT
    NULL, PRIMARY KEY (world, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX group_by_name ON security_group (world, vpc_id, name COLLATE NOCASE);
CREATE INDEX group_by_exact_name ON security_group (world, name);
CREATE TABLE rule (
    world INTEGER NOT NULL, group_id TEXT NOT NULL, direction TEXT NOT NULL, protocol TEXT NOT NULL,
    from_port INTEGER NOT NULL, to_port INTEGER NOT NULL, peer TEXT NOT NULL, peer_kind TEXT NOT NULL,
    id TEXT NOT NULL, description TEXT,
    PRIMARY KEY (world, group_id, direction, protocol, from_port, to_port, peer)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX rule_by_id ON rule (world, id);
CREATE INDEX rule_by_peer ON rule (world, peer);
CREATE TABLE tag (
    world INTEGER NOT NULL, resource_id TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
    resource_type TEXT NOT NULL, PRIMARY KEY (world, resource_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX tag_by_key ON tag (world, key, value);
CREATE TABLE access_key (
    id TEXT PRIMARY KEY, account TEXT NOT NULL, user TEXT NOT NULL, status TEXT NOT NULL, created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE secret (access_key_id TEXT PRIMARY KEY, secret TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- What the planner is to think of the sizes: rows, then rows that share an index's first column, its first two, ...
-- Without it SQLite takes a world for a handful of rows and walks all of it, whatever index would have found the few.
-- The figures are those of one large account, and stay, so that plans are the same on every machine and every day.
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 VALUES
    ('security_group', 'security_group', '10000 10000 1'), ('security_group', 'group_by_name', '10000 10000 50 1'),
    ('security_group', 'group_by_exact_name', '10000 10000 5'),
    ('rule', 'rule', '500000 500000 50 25 10 5 5 1'), ('rule', 'rule_by_id', '500000 500000 1'),
    ('rule', 'rule_by_peer', '500000 500000 50'),
    ('tag', 'tag', '20000 20000 2 1'), ('tag', 'tag_by_key', '20000 20000 2000 20'),
    ('vpc', 'vpc', '200 200 1'), ('vpc_cidr', 'vpc_cidr', '200 200 1 1'), ('subnet', 'subnet', '600 600 1'),
    ('subnet', 'subnet_by_vpc', '600 600 3'),
    ('change', 'change_by_world', '1000000 1000000 1'), ('delta', 'delta', '2000000 2 1'),
    ('delta', 'delta_by_id', '2000000 4 1');
ANALYZE sqlite_schema;
"""

MIGRATIONS: tuple[str, ...] = (_VERSION_1,)
"""Step n brings a store of version n to version n + 1. A step that has been released is never changed."""
