-- Which runs are one execution: filled observer by observer, see fuse.sql.
create or replace temp table fused_runs (run_id bigint not null, execution_id bigint not null);
