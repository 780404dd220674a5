BEGIN TRANSACTION;
CREATE TABLE access_key (
    id TEXT PRIMARY KEY, account TEXT NOT NULL, user TEXT NOT NULL, status TEXT NOT NULL, created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE change (
    revision INTEGER PRIMARY KEY, world INTEGER NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL,
    time INTEGER NOT NULL, caller TEXT NOT NULL,
    operation TEXT NOT NULL, request_id TEXT NOT NULL, request TEXT NOT NULL, previous BLOB NOT NULL, hash BLOB NOT NULL
) STRICT;
INSERT INTO "change" VALUES(1,1,'123456789012','us-east-1',1790000000000,'arn:aws:iam::123456789012:root','BeginWorld','78e51061-7311-48a3-82ce-6f447ed4d57b','{}',X'0000000000000000000000000000000000000000000000000000000000000000',X'4A6F1995B0BD6E9E49EF925A6E27053B7B2882678EB441C77C89FAA35B82E44E');
INSERT INTO "change" VALUES(2,1,'123456789012','us-east-1',1790000000000,'arn:aws:iam::123456789012:root','CreateSecurityGroup','78e51061-7311-48a3-82ce-6f447ed4d57b','{"GroupName":"web","Description":"group web"}',X'4A6F1995B0BD6E9E49EF925A6E27053B7B2882678EB441C77C89FAA35B82E44E',X'5615AFA34A01498FCCB3986DAAD8A85F8E68A5BB60674B63D495DC57F8DBDD93');
INSERT INTO "change" VALUES(3,1,'123456789012','us-east-1',1790000000000,'arn:aws:iam::123456789012:root','AuthorizeSecurityGroupIngress','e4b06ce6-0741-47a8-bce4-2c8218072e8c','{"GroupId":"sg-0612e7696a6cecc1b","IpPermissions":[{"IpProtocol":"tcp","FromPort":22,"ToPort":22,"IpRanges":[{"CidrIp":"10.0.0.0/8"}]}]}',X'5615AFA34A01498FCCB3986DAAD8A85F8E68A5BB60674B63D495DC57F8DBDD93',X'9D5F42E623B3460E479609C9E4DBA51E6BB0ADCC74695F3477379FF943A51950');
INSERT INTO "change" VALUES(4,1,'123456789012','us-east-1',1790000000000,'arn:aws:iam::123456789012:root','CreateVpc','c4647159-c324-4985-9b81-0e766ec9d286','{"CidrBlock":"10.0.0.0/16"}',X'9D5F42E623B3460E479609C9E4DBA51E6BB0ADCC74695F3477379FF943A51950',X'EA49A2265AA692D6CF042CC81E05FE8857FD5617AEFC799E0FA918CE5DB8359D');
INSERT INTO "change" VALUES(5,1,'123456789012','us-east-1',1790000000000,'arn:aws:iam::123456789012:root','CreateTags','05b6e6e3-07d4-4edc-9143-1193e6c3f339','{"Resources":["sg-0612e7696a6cecc1b"],"Tags":[{"Key":"a","Value":"b"}]}',X'EA49A2265AA692D6CF042CC81E05FE8857FD5617AEFC799E0FA918CE5DB8359D',X'70549BD551FEC549D728AFDB405069BE43F10E32523F33FE4E5DCF5E9B376658');
INSERT INTO "change" VALUES(6,1,'123456789012','us-east-1',1790000000000,'arn:aws:iam::123456789012:root','DeleteSubnet','afbd67f9-6196-49cf-a198-8ad9f06c144a','{"SubnetId":"subnet-0ba726f2f933a2bdf"}',X'70549BD551FEC549D728AFDB405069BE43F10E32523F33FE4E5DCF5E9B376658',X'8264AA8A92E2FF623EA2A531CE63A49BAC1D06C7FE3E0D90D4B32A8454FB315A');
CREATE TABLE delta (
    revision INTEGER NOT NULL, place INTEGER NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, before TEXT, after TEXT,
    PRIMARY KEY (revision, place)
) STRICT, WITHOUT ROWID;
INSERT INTO "delta" VALUES(1,0,'world','123456789012/us-east-1',NULL,'{"account":"123456789012","region":"us-east-1"}');
INSERT INTO "delta" VALUES(1,1,'vpc','vpc-0668973ecc4571b4c',NULL,'{"id":"vpc-0668973ecc4571b4c","cidr":"172.31.0.0/16","tenancy":"default","is_default":true,"dhcp_options_id":"dopt-08a0c8018ed555ea7"}');
INSERT INTO "delta" VALUES(1,2,'vpc-cidr','vpc-cidr-assoc-05ea88cf109fa394f',NULL,'{"id":"vpc-cidr-assoc-05ea88cf109fa394f","vpc_id":"vpc-0668973ecc4571b4c","cidr":"172.31.0.0/16"}');
INSERT INTO "delta" VALUES(1,3,'security-group','sg-01e42658bedac355a',NULL,'{"id":"sg-01e42658bedac355a","vpc_id":"vpc-0668973ecc4571b4c","name":"default","description":"default VPC security group"}');
INSERT INTO "delta" VALUES(1,4,'security-group-rule','sgr-0ad8e150fb663ee12',NULL,'{"group_id":"sg-01e42658bedac355a","direction":"ingress","protocol":"-1","from_port":-1,"to_port":-1,"peer":"sg-01e42658bedac355a","peer_kind":"group","id":"sgr-0ad8e150fb663ee12","description":null}');
INSERT INTO "delta" VALUES(1,5,'security-group-rule','sgr-09f5335d93a679981',NULL,'{"group_id":"sg-01e42658bedac355a","direction":"egress","protocol":"-1","from_port":-1,"to_port":-1,"peer":"0.0.0.0/0","peer_kind":"ipv4","id":"sgr-09f5335d93a679981","description":null}');
INSERT INTO "delta" VALUES(1,6,'subnet','subnet-0ba726f2f933a2bdf',NULL,'{"id":"subnet-0ba726f2f933a2bdf","vpc_id":"vpc-0668973ecc4571b4c","zone":"us-east-1a","cidr":"172.31.0.0/20","is_default":true,"public_ips":true}');
INSERT INTO "delta" VALUES(1,7,'subnet','subnet-0edc83c370043fda0',NULL,'{"id":"subnet-0edc83c370043fda0","vpc_id":"vpc-0668973ecc4571b4c","zone":"us-east-1b","cidr":"172.31.16.0/20","is_default":true,"public_ips":true}');
INSERT INTO "delta" VALUES(1,8,'subnet','subnet-0f56c5b9e0ae4ad08',NULL,'{"id":"subnet-0f56c5b9e0ae4ad08","vpc_id":"vpc-0668973ecc4571b4c","zone":"us-east-1c","cidr":"172.31.32.0/20","is_default":true,"public_ips":true}');
INSERT INTO "delta" VALUES(2,0,'security-group','sg-0612e7696a6cecc1b',NULL,'{"id":"sg-0612e7696a6cecc1b","vpc_id":"vpc-0668973ecc4571b4c","name":"web","description":"group web"}');
INSERT INTO "delta" VALUES(2,1,'security-group-rule','sgr-035bf992dc9e9c616',NULL,'{"group_id":"sg-0612e7696a6cecc1b","direction":"egress","protocol":"-1","from_port":-1,"to_port":-1,"peer":"0.0.0.0/0","peer_kind":"ipv4","id":"sgr-035bf992dc9e9c616","description":null}');
INSERT INTO "delta" VALUES(3,0,'security-group-rule','sgr-063ca828dd5f4b3b2',NULL,'{"group_id":"sg-0612e7696a6cecc1b","direction":"ingress","protocol":"tcp","from_port":22,"to_port":22,"peer":"10.0.0.0/8","peer_kind":"ipv4","id":"sgr-063ca828dd5f4b3b2","description":null}');
INSERT INTO "delta" VALUES(4,0,'vpc','vpc-0b2221a58008a05a6',NULL,'{"id":"vpc-0b2221a58008a05a6","cidr":"10.0.0.0/16","tenancy":"default","is_default":false,"dhcp_options_id":"dopt-08a0c8018ed555ea7"}');
INSERT INTO "delta" VALUES(4,1,'vpc-cidr','vpc-cidr-assoc-0442e3d437204e52d',NULL,'{"id":"vpc-cidr-assoc-0442e3d437204e52d","vpc_id":"vpc-0b2221a58008a05a6","cidr":"10.0.0.0/16"}');
INSERT INTO "delta" VALUES(4,2,'security-group','sg-0cd447e35b8b6d8fe',NULL,'{"id":"sg-0cd447e35b8b6d8fe","vpc_id":"vpc-0b2221a58008a05a6","name":"default","description":"default VPC security group"}');
INSERT INTO "delta" VALUES(4,3,'security-group-rule','sgr-09755d4c13a902931',NULL,'{"group_id":"sg-0cd447e35b8b6d8fe","direction":"ingress","protocol":"-1","from_port":-1,"to_port":-1,"peer":"sg-0cd447e35b8b6d8fe","peer_kind":"group","id":"sgr-09755d4c13a902931","description":null}');
INSERT INTO "delta" VALUES(4,4,'security-group-rule','sgr-01a2b8f1ff1fd42a2',NULL,'{"group_id":"sg-0cd447e35b8b6d8fe","direction":"egress","protocol":"-1","from_port":-1,"to_port":-1,"peer":"0.0.0.0/0","peer_kind":"ipv4","id":"sgr-01a2b8f1ff1fd42a2","description":null}');
INSERT INTO "delta" VALUES(5,0,'tag','sg-0612e7696a6cecc1b/a',NULL,'{"resource_id":"sg-0612e7696a6cecc1b","key":"a","value":"b","resource_type":"security-group"}');
INSERT INTO "delta" VALUES(6,0,'subnet','subnet-0ba726f2f933a2bdf','{"id":"subnet-0ba726f2f933a2bdf","vpc_id":"vpc-0668973ecc4571b4c","zone":"us-east-1a","cidr":"172.31.0.0/20","is_default":true,"public_ips":true}',NULL);
CREATE TABLE head (
    one INTEGER PRIMARY KEY CHECK (one = 1), revision INTEGER NOT NULL, hash BLOB NOT NULL, seal BLOB NOT NULL
) STRICT;
INSERT INTO "head" VALUES(1,6,X'8264AA8A92E2FF623EA2A531CE63A49BAC1D06C7FE3E0D90D4B32A8454FB315A',X'1E2FEB89414C343C1027C4D1C386BBC4CD613E30D8F16ADF91B7584A2265B1F5');
CREATE TABLE rule (
    world INTEGER NOT NULL, group_id TEXT NOT NULL, direction TEXT NOT NULL, protocol TEXT NOT NULL,
    from_port INTEGER NOT NULL, to_port INTEGER NOT NULL, peer TEXT NOT NULL, peer_kind TEXT NOT NULL,
    id TEXT NOT NULL, description TEXT,
    PRIMARY KEY (world, group_id, direction, protocol, from_port, to_port, peer)
) STRICT, WITHOUT ROWID;
INSERT INTO "rule" VALUES(1,'sg-01e42658bedac355a','egress','-1',-1,-1,'0.0.0.0/0','ipv4','sgr-09f5335d93a679981',NULL);
INSERT INTO "rule" VALUES(1,'sg-01e42658bedac355a','ingress','-1',-1,-1,'sg-01e42658bedac355a','group','sgr-0ad8e150fb663ee12',NULL);
INSERT INTO "rule" VALUES(1,'sg-0612e7696a6cecc1b','egress','-1',-1,-1,'0.0.0.0/0','ipv4','sgr-035bf992dc9e9c616',NULL);
INSERT INTO "rule" VALUES(1,'sg-0612e7696a6cecc1b','ingress','tcp',22,22,'10.0.0.0/8','ipv4','sgr-063ca828dd5f4b3b2',NULL);
INSERT INTO "rule" VALUES(1,'sg-0cd447e35b8b6d8fe','egress','-1',-1,-1,'0.0.0.0/0','ipv4','sgr-01a2b8f1ff1fd42a2',NULL);
INSERT INTO "rule" VALUES(1,'sg-0cd447e35b8b6d8fe','ingress','-1',-1,-1,'sg-0cd447e35b8b6d8fe','group','sgr-09755d4c13a902931',NULL);
CREATE TABLE secret (access_key_id TEXT PRIMARY KEY, secret TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE security_group (
    world INTEGER NOT NULL, id TEXT NOT NULL UNIQUE, vpc_id TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT
    NULL, PRIMARY KEY (world, id)
) STRICT, WITHOUT ROWID;
INSERT INTO "security_group" VALUES(1,'sg-01e42658bedac355a','vpc-0668973ecc4571b4c','default','default VPC security group');
INSERT INTO "security_group" VALUES(1,'sg-0612e7696a6cecc1b','vpc-0668973ecc4571b4c','web','group web');
INSERT INTO "security_group" VALUES(1,'sg-0cd447e35b8b6d8fe','vpc-0b2221a58008a05a6','default','default VPC security group');
CREATE TABLE subnet (
    world INTEGER NOT NULL, id TEXT NOT NULL UNIQUE, vpc_id TEXT NOT NULL, zone TEXT NOT NULL, cidr TEXT NOT NULL,
    is_default INTEGER NOT NULL, public_ips INTEGER NOT NULL, PRIMARY KEY (world, id)
) STRICT, WITHOUT ROWID;
INSERT INTO "subnet" VALUES(1,'subnet-0edc83c370043fda0','vpc-0668973ecc4571b4c','us-east-1b','172.31.16.0/20',1,1);
INSERT INTO "subnet" VALUES(1,'subnet-0f56c5b9e0ae4ad08','vpc-0668973ecc4571b4c','us-east-1c','172.31.32.0/20',1,1);
CREATE TABLE tag (
    world INTEGER NOT NULL, resource_id TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
    resource_type TEXT NOT NULL, PRIMARY KEY (world, resource_id, key)
) STRICT, WITHOUT ROWID;
INSERT INTO "tag" VALUES(1,'sg-0612e7696a6cecc1b','a','b','security-group');
CREATE TABLE vpc (
    world INTEGER NOT NULL, id TEXT NOT NULL UNIQUE, cidr TEXT NOT NULL, tenancy TEXT NOT NULL,
    is_default INTEGER NOT NULL, dhcp_options_id TEXT NOT NULL, PRIMARY KEY (world, id)
) STRICT, WITHOUT ROWID;
INSERT INTO "vpc" VALUES(1,'vpc-0668973ecc4571b4c','172.31.0.0/16','default',1,'dopt-08a0c8018ed555ea7');
INSERT INTO "vpc" VALUES(1,'vpc-0b2221a58008a05a6','10.0.0.0/16','default',0,'dopt-08a0c8018ed555ea7');
CREATE TABLE vpc_cidr (
    world INTEGER NOT NULL, id TEXT NOT NULL UNIQUE, vpc_id TEXT NOT NULL, cidr TEXT NOT NULL,
    PRIMARY KEY (world, vpc_id, id)
) STRICT, WITHOUT ROWID;
INSERT INTO "vpc_cidr" VALUES(1,'vpc-cidr-assoc-05ea88cf109fa394f','vpc-0668973ecc4571b4c','172.31.0.0/16');
INSERT INTO "vpc_cidr" VALUES(1,'vpc-cidr-assoc-0442e3d437204e52d','vpc-0b2221a58008a05a6','10.0.0.0/16');
CREATE TABLE world (
    world INTEGER PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL, UNIQUE (account, region)
) STRICT;
INSERT INTO "world" VALUES(1,'123456789012','us-east-1');
CREATE INDEX change_by_world ON change (world, revision);
CREATE INDEX delta_by_id ON delta (id, revision);
CREATE UNIQUE INDEX default_vpc ON vpc (world) WHERE is_default = 1;
CREATE INDEX subnet_by_vpc ON subnet (world, vpc_id);
CREATE UNIQUE INDEX group_by_name ON security_group (world, vpc_id, name COLLATE NOCASE);
CREATE INDEX group_by_exact_name ON security_group (world, name);
CREATE UNIQUE INDEX rule_by_id ON rule (world, id);
CREATE INDEX rule_by_peer ON rule (world, peer);
CREATE INDEX tag_by_key ON tag (world, key, value);
COMMIT;
PRAGMA user_version = 1;
PRAGMA application_id = 1735882545;
ANALYZE sqlite_schema;
