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

_VERSION_2 = """
ALTER TABLE secret RENAME COLUMN access_key_id TO owner;
ALTER TABLE vpc ADD COLUMN dns_support INTEGER NOT NULL DEFAULT 1;
ALTER TABLE vpc ADD COLUMN dns_hostnames INTEGER NOT NULL DEFAULT 0;
ALTER TABLE vpc ADD COLUMN address_metrics INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subnet ADD COLUMN ipv6_on_creation INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subnet ADD COLUMN dns64 INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subnet ADD COLUMN hostname_type TEXT NOT NULL DEFAULT 'ip-name';
ALTER TABLE subnet ADD COLUMN dns_a_record INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subnet ADD COLUMN dns_aaaa_record INTEGER NOT NULL DEFAULT 0;
CREATE TABLE subnet_cidr (
    world INTEGER NOT NULL, id TEXT NOT NULL UNIQUE, subnet_id TEXT NOT NULL, cidr TEXT NOT NULL,
    PRIMARY KEY (world, subnet_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_by_vpc ON security_group (world, vpc_id);
CREATE INDEX group_by_description ON security_group (world, description);
CREATE INDEX group_by_name_anywhere ON security_group (name);
CREATE INDEX rule_by_protocol ON rule (world, protocol);
CREATE INDEX rule_by_from_port ON rule (world, from_port);
CREATE INDEX rule_by_to_port ON rule (world, to_port);
CREATE INDEX rule_of_group ON rule (world, peer) WHERE peer_kind = 'group';
CREATE INDEX tag_by_value ON tag (world, value);
CREATE INDEX tag_by_type ON tag (world, resource_type);

-- How many groups a world has, for its quota: to count them takes as long as there are many.
CREATE TABLE tally (world INTEGER PRIMARY KEY, security_groups INTEGER NOT NULL) STRICT;
INSERT INTO tally SELECT world, count(*) FROM security_group GROUP BY world;
CREATE TRIGGER group_added AFTER INSERT ON security_group BEGIN
    INSERT INTO tally VALUES (new.world, 1) ON CONFLICT DO UPDATE SET security_groups = security_groups + 1;
END;
CREATE TRIGGER group_removed AFTER DELETE ON security_group BEGIN
    UPDATE tally SET security_groups = security_groups - 1 WHERE world = old.world;
END;
CREATE TABLE reference (
    world INTEGER NOT NULL, rule_id TEXT NOT NULL, account TEXT NOT NULL, vpc_id TEXT NOT NULL, peering_id TEXT NOT
    NULL, PRIMARY KEY (world, rule_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE vpc_association (
    world INTEGER NOT NULL, group_id TEXT NOT NULL, vpc_id TEXT NOT NULL, PRIMARY KEY (world, group_id, vpc_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX association_by_vpc ON vpc_association (world, vpc_id);
CREATE TABLE network_interface (
    world INTEGER NOT NULL, id TEXT NOT NULL UNIQUE, subnet_id TEXT NOT NULL, vpc_id TEXT NOT NULL, description TEXT NOT
    NULL, mac TEXT NOT NULL, kind TEXT NOT NULL, source_dest_check INTEGER NOT NULL,
    tcp_established INTEGER NOT NULL, udp_stream INTEGER NOT NULL, udp INTEGER NOT NULL, PRIMARY KEY (world, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX interface_by_subnet ON network_interface (world, subnet_id);
CREATE INDEX interface_by_vpc ON network_interface (world, vpc_id);
CREATE TABLE address (
    world INTEGER NOT NULL, subnet_id TEXT NOT NULL, address TEXT NOT NULL, number INTEGER NOT NULL, interface_id TEXT
    NOT NULL, place INTEGER NOT NULL, is_primary INTEGER NOT NULL, PRIMARY KEY (world, subnet_id, address)
) STRICT, WITHOUT ROWID;
CREATE INDEX address_by_number ON address (world, subnet_id, number);
CREATE INDEX address_by_interface ON address (world, interface_id);
CREATE INDEX address_by_text ON address (world, address);
CREATE TABLE member (
    world INTEGER NOT NULL, interface_id TEXT NOT NULL, group_id TEXT NOT NULL, place INTEGER NOT NULL,
    PRIMARY KEY (world, interface_id, group_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_by_group ON member (world, group_id);
CREATE TABLE attachment (
    world INTEGER NOT NULL, id TEXT NOT NULL UNIQUE, interface_id TEXT NOT NULL, instance_id TEXT NOT NULL, device
    INTEGER NOT NULL, time INTEGER NOT NULL, delete_on_termination INTEGER NOT NULL, PRIMARY KEY (world, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX attachment_by_interface ON attachment (world, interface_id);
CREATE UNIQUE INDEX attachment_by_instance ON attachment (world, instance_id, device);
CREATE TABLE instance (
    world INTEGER NOT NULL, id TEXT NOT NULL UNIQUE, reservation_id TEXT NOT NULL, launch_index INTEGER NOT NULL,
    image_id TEXT NOT NULL, type TEXT NOT NULL, key_name TEXT NOT NULL, zone TEXT NOT NULL, subnet_id TEXT NOT NULL,
    vpc_id TEXT NOT NULL, launched INTEGER NOT NULL, state TEXT NOT NULL, since INTEGER NOT NULL, script TEXT NOT NULL,
    profile TEXT NOT NULL, tenancy TEXT NOT NULL, monitoring INTEGER NOT NULL, ebs_optimized INTEGER NOT NULL,
    termination_protected INTEGER NOT NULL, stop_protected INTEGER NOT NULL, shutdown_behavior TEXT NOT NULL,
    PRIMARY KEY (world, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX instance_by_reservation ON instance (world, reservation_id);
CREATE INDEX instance_by_state ON instance (world, state, reservation_id);
CREATE INDEX instance_by_subnet ON instance (world, subnet_id);
CREATE INDEX instance_by_vpc ON instance (world, vpc_id);
CREATE TABLE prefix_list (
    world INTEGER NOT NULL, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, family TEXT NOT NULL, max_entries INTEGER NOT
    NULL, version INTEGER NOT NULL, state TEXT NOT NULL, message TEXT NOT NULL, PRIMARY KEY (world, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE prefix_list_entry (
    world INTEGER NOT NULL, list_id TEXT NOT NULL, cidr TEXT NOT NULL, description TEXT NOT NULL, first INTEGER NOT
    NULL, last INTEGER NOT NULL, PRIMARY KEY (world, list_id, cidr, first)
) STRICT, WITHOUT ROWID;
CREATE INDEX entry_by_last ON prefix_list_entry (world, list_id, last, cidr);
CREATE TABLE peering (
    id TEXT PRIMARY KEY, requester_account TEXT NOT NULL, requester_region TEXT NOT NULL, requester_vpc TEXT NOT NULL,
    accepter_account TEXT NOT NULL, accepter_region TEXT NOT NULL, accepter_vpc TEXT NOT NULL, status TEXT NOT NULL,
    message TEXT NOT NULL, created INTEGER NOT NULL, requester_dns INTEGER NOT NULL, accepter_dns INTEGER NOT NULL,
    requester_multipath INTEGER NOT NULL, accepter_multipath INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX peering_by_requester ON peering (requester_account, requester_region);
CREATE INDEX peering_by_accepter ON peering (accepter_account, accepter_region);
CREATE INDEX peering_by_vpc ON peering (requester_vpc) WHERE status IN ('pending-acceptance', 'active');
CREATE INDEX peering_by_peer ON peering (accepter_vpc) WHERE status IN ('pending-acceptance', 'active');
CREATE TABLE token (
    world INTEGER NOT NULL, operation TEXT NOT NULL, token TEXT NOT NULL, digest TEXT NOT NULL, resource_id TEXT NOT
    NULL, PRIMARY KEY (world, token, operation)
) STRICT, WITHOUT ROWID;
UPDATE sqlite_stat1 SET stat = '20000 20000 100 10' WHERE idx = 'tag_by_key';
INSERT INTO sqlite_stat1 VALUES
    ('subnet_cidr', 'subnet_cidr', '600 600 1 1'), ('security_group', 'group_by_vpc', '10000 10000 50 1'),
    ('security_group', 'group_by_description', '10000 10000 20 1'),
    ('security_group', 'group_by_name_anywhere', '10000 5 5 1'),
    ('rule', 'rule_by_protocol', '500000 500000 100000'), ('rule', 'rule_by_from_port', '500000 500000 5000'),
    ('rule', 'rule_by_to_port', '500000 500000 5000'), ('rule', 'rule_of_group', '100000 100000 10'),
    ('tag', 'tag_by_value', '20000 20000 20'), ('tag', 'tag_by_type', '20000 20000 5000'),
    ('reference', 'reference', '1000 1000 1'), ('vpc_association', 'vpc_association', '1000 1000 2 1'),
    ('vpc_association', 'association_by_vpc', '1000 1000 10 1'),
    ('network_interface', 'network_interface', '20000 20000 1'),
    ('network_interface', 'interface_by_subnet', '20000 20000 50 1'),
    ('network_interface', 'interface_by_vpc', '20000 20000 100 1'), ('address', 'address', '30000 30000 60 1'),
    ('address', 'address_by_interface', '30000 30000 2 1'), ('address', 'address_by_text', '30000 30000 2 1'),
    ('address', 'address_by_number', '30000 30000 60 1'),
    ('member', 'member', '40000 40000 2 1'), ('member', 'member_by_group', '40000 40000 10 1'),
    ('attachment', 'attachment', '20000 20000 1'), ('attachment', 'attachment_by_interface', '20000 20000 1'),
    ('attachment', 'attachment_by_instance', '20000 20000 2 1'), ('instance', 'instance', '10000 10000 1'),
    ('instance', 'instance_by_reservation', '10000 10000 2 1'),
    ('instance', 'instance_by_state', '10000 10000 3000 2 1'),
    ('instance', 'instance_by_subnet', '10000 10000 50 1'), ('instance', 'instance_by_vpc', '10000 10000 100 1'),
    ('prefix_list', 'prefix_list', '100 100 1'), ('prefix_list_entry', 'prefix_list_entry', '10000 10000 100 2 1'),
    ('prefix_list_entry', 'entry_by_last', '10000 10000 100 10 1'),
    ('peering', 'peering', '500 1'), ('peering', 'peering_by_requester', '500 20 10 1'),
    ('peering', 'peering_by_accepter', '500 20 10 1'), ('peering', 'peering_by_vpc', '200 2 1'),
    ('peering', 'peering_by_peer', '200 2 1'), ('token', 'token', '10000 10000 2 1');
ANALYZE sqlite_schema;
"""

_VERSION_3 = """
CREATE TABLE expectation (
    world INTEGER NOT NULL, name TEXT NOT NULL, source TEXT NOT NULL, destination TEXT NOT NULL, protocol TEXT NOT NULL,
    from_port INTEGER NOT NULL, to_port INTEGER NOT NULL, verdict TEXT NOT NULL, description TEXT NOT NULL,
    PRIMARY KEY (world, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE confirmation (
    world INTEGER NOT NULL, revision TEXT NOT NULL, deadline INTEGER NOT NULL, state TEXT NOT NULL,
    message TEXT NOT NULL, PRIMARY KEY (world, revision)
) STRICT, WITHOUT ROWID;
CREATE INDEX confirmation_by_deadline ON confirmation (deadline) WHERE state = 'waiting';

-- What is left of the changes that are no longer kept: the head at the newest of them, and those at every thousandth;
-- and what every entity was after the newest of them, as the last delta of it told.
CREATE TABLE checkpoint (revision INTEGER PRIMARY KEY, time INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;
CREATE TABLE checkpoint_entity (
    world INTEGER NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, columns TEXT NOT NULL, PRIMARY KEY (world, kind, id)
) STRICT, WITHOUT ROWID;

-- The changes in which something is named: what became of a group, say, and of all that is its own or names it.
CREATE TABLE mention (id TEXT NOT NULL, revision INTEGER NOT NULL, PRIMARY KEY (id, revision)) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO mention SELECT named.value, delta.revision FROM delta, (SELECT 1 AS side UNION ALL SELECT 2)
    CROSS JOIN json_each(iif(side = 1, before, after)) AS named
    WHERE named.key IN ('group_id', 'interface_id', 'vpc_id', 'requester_vpc', 'accepter_vpc', 'resource_id', 'peer')
    AND named.value != '' AND named.value NOT LIKE '%/%';
INSERT INTO sqlite_stat1 VALUES
    ('expectation', 'expectation', '1000 100 1'), ('confirmation', 'confirmation', '1000 1000 1'),
    ('confirmation', 'confirmation_by_deadline', '10 2'),
    ('checkpoint_entity', 'checkpoint_entity', '500000 250000 50000 1'),
    ('mention', 'mention', '2000000 50 1');
ANALYZE sqlite_schema;
"""

_VERSION_4 = """
ALTER TABLE access_key ADD COLUMN expires INTEGER NOT NULL DEFAULT 0;
CREATE TABLE principal (
    id TEXT PRIMARY KEY, account TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, policies TEXT NOT NULL,
    boundary TEXT NOT NULL, trust TEXT NOT NULL, tags TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE host (
    world INTEGER NOT NULL, name TEXT NOT NULL, interfaces TEXT NOT NULL, PRIMARY KEY (world, name)
) STRICT, WITHOUT ROWID;
INSERT INTO sqlite_stat1 VALUES ('principal', 'principal', '100 1'), ('host', 'host', '100 100 1');
ANALYZE sqlite_schema;
"""

_VERSION_5 = """
-- What rules let in, as hosts tell it: no entities, and no part of the history. See store/counters.py.
CREATE TABLE counter (
    world INTEGER NOT NULL, group_id TEXT NOT NULL, rule_id TEXT NOT NULL, host TEXT NOT NULL, flows INTEGER NOT NULL,
    bytes INTEGER, last_hit INTEGER, since INTEGER NOT NULL, until INTEGER,
    PRIMARY KEY (world, group_id, rule_id, host)
) STRICT, WITHOUT ROWID;
CREATE INDEX counter_by_rule ON counter (world, rule_id);
CREATE TABLE counting (
    world INTEGER NOT NULL, host TEXT NOT NULL, series TEXT NOT NULL, number INTEGER NOT NULL, told INTEGER NOT NULL,
    PRIMARY KEY (world, host)
) STRICT, WITHOUT ROWID;
INSERT INTO sqlite_stat1 VALUES
    ('counter', 'counter', '500000 500000 50 2 1'), ('counter', 'counter_by_rule', '500000 500000 2'),
    ('counting', 'counting', '100 100 1');
ANALYZE sqlite_schema;
"""

MIGRATIONS: tuple[str, ...] = (_VERSION_1, _VERSION_2, _VERSION_3, _VERSION_4, _VERSION_5)
"""Step n brings a store of version n to version n + 1. A step that has been released is never changed."""
