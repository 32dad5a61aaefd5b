-- What this database is: schema version, the loads it has seen, the moment its derived tables speak of.
create table meta (
    key varchar not null,                -- schema_version, evidence_version, derived_version, as_of; redaction: a digest of the key, where secrets were taken out
    value varchar not null,              -- its value
    primary key (key)
);
