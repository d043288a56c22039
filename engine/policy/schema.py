"""The tables of a policy store, and how a store of an older version becomes one of this version.

A row belongs to one machine; policies, rules, filter lists and filter actions also to a location
(local, persistent, domain). `key` columns hold the case-folded name, because netsh compares names
without case and SQLite folds ASCII only. A migration is a script; number n brings a store from
version n to n + 1, so their count is the version of a new store.
"""

# "IPSH": tells a policy store from any other SQLite database.
APPLICATION_ID = 0x49505348

VERSION_1 = """
CREATE TABLE counter (one INTEGER PRIMARY KEY CHECK (one = 1), generation INTEGER NOT NULL);
INSERT INTO counter VALUES (1, 1);
CREATE TABLE setting (
    key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE machine (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, name TEXT NOT NULL, role TEXT NOT NULL,
    forwarding INTEGER NOT NULL, icmp_echo INTEGER NOT NULL);
CREATE TABLE machine_setting (
    machine INTEGER NOT NULL REFERENCES machine ON DELETE CASCADE,
    key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (machine, key)) WITHOUT ROWID;
CREATE TABLE interface (
    id INTEGER PRIMARY KEY, machine INTEGER NOT NULL REFERENCES machine ON DELETE CASCADE,
    key TEXT NOT NULL, name TEXT NOT NULL, address INTEGER NOT NULL, prefix INTEGER NOT NULL,
    gateway INTEGER, mac TEXT NOT NULL, mtu INTEGER NOT NULL, link TEXT NOT NULL,
    fragcheck INTEGER NOT NULL DEFAULT 0, input TEXT NOT NULL DEFAULT 'forward',
    output TEXT NOT NULL DEFAULT 'forward', UNIQUE (machine, key));
CREATE TABLE rras_filter (
    id INTEGER PRIMARY KEY, interface INTEGER NOT NULL REFERENCES interface ON DELETE CASCADE,
    direction TEXT NOT NULL, source INTEGER NOT NULL, source_prefix INTEGER NOT NULL,
    destination INTEGER NOT NULL, destination_prefix INTEGER NOT NULL, protocol INTEGER NOT NULL,
    source_port INTEGER NOT NULL, destination_port INTEGER NOT NULL,
    established INTEGER NOT NULL);
CREATE INDEX rras_filter_interface ON rras_filter (interface);
CREATE TABLE route (
    id INTEGER PRIMARY KEY, interface INTEGER NOT NULL REFERENCES interface ON DELETE CASCADE,
    destination INTEGER NOT NULL, prefix INTEGER NOT NULL, gateway INTEGER NOT NULL,
    metric INTEGER NOT NULL, protocol TEXT NOT NULL, view TEXT NOT NULL,
    UNIQUE (interface, destination, prefix, gateway));
CREATE TABLE audit (
    machine INTEGER NOT NULL REFERENCES machine ON DELETE CASCADE, location TEXT NOT NULL,
    category TEXT NOT NULL, success INTEGER NOT NULL, failure INTEGER NOT NULL,
    PRIMARY KEY (machine, location, category)) WITHOUT ROWID;
CREATE TABLE policy (
    id INTEGER PRIMARY KEY, machine INTEGER NOT NULL REFERENCES machine ON DELETE CASCADE,
    location TEXT NOT NULL, key TEXT NOT NULL, guid TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
    description TEXT NOT NULL, mmpfs INTEGER NOT NULL, qmpermm INTEGER NOT NULL,
    mmlifetime INTEGER NOT NULL, pollinginterval INTEGER NOT NULL, methods TEXT NOT NULL,
    default_active INTEGER NOT NULL, default_qmpfs INTEGER NOT NULL,
    default_methods TEXT NOT NULL, assigned INTEGER NOT NULL, modified REAL NOT NULL,
    UNIQUE (machine, location, key));
CREATE UNIQUE INDEX policy_assigned ON policy (machine, location) WHERE assigned;
CREATE TABLE filterlist (
    id INTEGER PRIMARY KEY, machine INTEGER NOT NULL REFERENCES machine ON DELETE CASCADE,
    location TEXT NOT NULL, key TEXT NOT NULL, guid TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
    description TEXT NOT NULL, modified REAL NOT NULL, UNIQUE (machine, location, key));
CREATE TABLE filter (
    id INTEGER PRIMARY KEY, filterlist INTEGER NOT NULL REFERENCES filterlist ON DELETE CASCADE,
    guid TEXT NOT NULL UNIQUE, source_kind TEXT NOT NULL, source INTEGER NOT NULL,
    source_prefix INTEGER NOT NULL, source_name TEXT NOT NULL, destination_kind TEXT NOT NULL,
    destination INTEGER NOT NULL, destination_prefix INTEGER NOT NULL,
    destination_name TEXT NOT NULL, description TEXT NOT NULL, protocol INTEGER NOT NULL,
    source_port INTEGER NOT NULL, destination_port INTEGER NOT NULL, mirrored INTEGER NOT NULL);
CREATE INDEX filter_filterlist ON filter (filterlist);
CREATE TABLE filteraction (
    id INTEGER PRIMARY KEY, machine INTEGER NOT NULL REFERENCES machine ON DELETE CASCADE,
    location TEXT NOT NULL, key TEXT NOT NULL, guid TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
    description TEXT NOT NULL, action TEXT NOT NULL, qmpfs INTEGER NOT NULL,
    inpass INTEGER NOT NULL, soft INTEGER NOT NULL, methods TEXT NOT NULL,
    modified REAL NOT NULL, UNIQUE (machine, location, key));
CREATE TABLE rule (
    id INTEGER PRIMARY KEY, policy INTEGER NOT NULL REFERENCES policy ON DELETE CASCADE,
    filterlist INTEGER NOT NULL REFERENCES filterlist ON DELETE RESTRICT,
    filteraction INTEGER NOT NULL REFERENCES filteraction ON DELETE RESTRICT,
    key TEXT NOT NULL, guid TEXT NOT NULL UNIQUE, name TEXT NOT NULL, tunnel INTEGER,
    conntype TEXT NOT NULL, active INTEGER NOT NULL, description TEXT NOT NULL,
    modified REAL NOT NULL, UNIQUE (policy, key));
CREATE INDEX rule_filterlist ON rule (filterlist);
CREATE INDEX rule_filteraction ON rule (filteraction);
CREATE TABLE auth (
    id INTEGER PRIMARY KEY, policy INTEGER NOT NULL REFERENCES policy ON DELETE CASCADE,
    rule INTEGER REFERENCES rule ON DELETE CASCADE, kind TEXT NOT NULL, value TEXT NOT NULL,
    certmap INTEGER NOT NULL, excludecaname INTEGER NOT NULL);
CREATE INDEX auth_policy ON auth (policy);
CREATE INDEX auth_rule ON auth (rule);
"""

# Certificates: files that a machine proves itself with, and whom it believes.
VERSION_2 = """
CREATE TABLE certificate (
    id INTEGER PRIMARY KEY, machine INTEGER NOT NULL REFERENCES machine ON DELETE CASCADE,
    key TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL, file TEXT NOT NULL,
    key_file TEXT NOT NULL, password TEXT NOT NULL, guid TEXT NOT NULL UNIQUE,
    UNIQUE (machine, key));
"""

# A list holds a filter once, whatever its description; the index also finds a list's filters.
VERSION_3 = """
DROP INDEX filter_filterlist;
CREATE UNIQUE INDEX filter_once ON filter (
    filterlist, source, destination, source_prefix, destination_prefix, source_kind,
    destination_kind, protocol, source_port, destination_port, mirrored, source_name,
    destination_name);
"""

# Who changed what and when, and the rows as they were before, so that it can be undone. A later
# migration that changes a table must empty `undo`: it holds whole rows. Every tracked table has
# an `id` for that; filters need no index over their GUIDs, and are found by their two ends.
VERSION_4 = """
CREATE TABLE revision (
    id INTEGER PRIMARY KEY, time REAL NOT NULL, who TEXT NOT NULL, machine TEXT NOT NULL,
    what TEXT NOT NULL, lines INTEGER NOT NULL, undo TEXT NOT NULL);
INSERT INTO revision SELECT generation, 0, '', '', CASE generation WHEN 1 THEN '# a new store'
    ELSE '# what was there before revisions were kept' END, 1, '' FROM counter;
DROP TABLE counter;
CREATE TABLE unconfirmed (
    one INTEGER PRIMARY KEY CHECK (one = 1), deadline REAL NOT NULL, base INTEGER NOT NULL,
    revision INTEGER NOT NULL, who TEXT NOT NULL);
CREATE TABLE new_setting (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, value TEXT NOT NULL);
INSERT INTO new_setting (key, value) SELECT key, value FROM setting;
DROP TABLE setting;
ALTER TABLE new_setting RENAME TO setting;
CREATE TABLE new_machine_setting (
    id INTEGER PRIMARY KEY, machine INTEGER NOT NULL REFERENCES machine ON DELETE CASCADE,
    key TEXT NOT NULL, value TEXT NOT NULL, UNIQUE (machine, key));
INSERT INTO new_machine_setting (machine, key, value)
    SELECT machine, key, value FROM machine_setting;
DROP TABLE machine_setting;
ALTER TABLE new_machine_setting RENAME TO machine_setting;
CREATE TABLE new_audit (
    id INTEGER PRIMARY KEY, machine INTEGER NOT NULL REFERENCES machine ON DELETE CASCADE,
    location TEXT NOT NULL, category TEXT NOT NULL, success INTEGER NOT NULL,
    failure INTEGER NOT NULL, UNIQUE (machine, location, category));
INSERT INTO new_audit (machine, location, category, success, failure)
    SELECT machine, location, category, success, failure FROM audit;
DROP TABLE audit;
ALTER TABLE new_audit RENAME TO audit;
CREATE TABLE new_filter (
    id INTEGER PRIMARY KEY, filterlist INTEGER NOT NULL REFERENCES filterlist ON DELETE CASCADE,
    guid TEXT NOT NULL, source_kind TEXT NOT NULL, source INTEGER NOT NULL,
    source_prefix INTEGER NOT NULL, source_name TEXT NOT NULL, destination_kind TEXT NOT NULL,
    destination INTEGER NOT NULL, destination_prefix INTEGER NOT NULL,
    destination_name TEXT NOT NULL, description TEXT NOT NULL, protocol INTEGER NOT NULL,
    source_port INTEGER NOT NULL, destination_port INTEGER NOT NULL, mirrored INTEGER NOT NULL);
INSERT INTO new_filter SELECT * FROM filter;
DROP TABLE filter;
ALTER TABLE new_filter RENAME TO filter;
CREATE INDEX filter_filterlist ON filter (filterlist);
CREATE UNIQUE INDEX filter_once ON filter (
    source, destination, filterlist, source_prefix, destination_prefix, source_kind,
    destination_kind, protocol, source_port, destination_port, mirrored, source_name,
    destination_name);
"""

MIGRATIONS = (VERSION_1, VERSION_2, VERSION_3, VERSION_4)
VERSION = len(MIGRATIONS)
