-- Adjustments in ClickHouse: they arrive from Kafka by themselves, and a view shows the table that holds now.
-- Put proto/ into the server's format_schema_path, fill in the brokers, run the file once.

-- What arrives. Only what is named is read; the rest of the message is passed over. librdkafka reads committed records only.
CREATE TABLE adjustments_arriving
(
    organization_id String,
    business_unit_id String,
    planning_group_id String,
    interval_start Tuple(seconds Int64, nanos Int32),
    interval_seconds UInt32,
    revision UInt64,
    state Enum8('ADJUSTMENT_STATE_UNSPECIFIED' = 0, 'ADJUSTMENT_STATE_OPEN' = 1, 'ADJUSTMENT_STATE_FINAL' = 2,
                'ADJUSTMENT_STATE_CORRECTED' = 3, 'ADJUSTMENT_STATE_WITHDRAWN' = 4),
    additional_offered Tuple(mean Float64, p10 Float64, p50 Float64, p90 Float64),
    baseline_offered Nullable(Float64),
    adjusted_offered Nullable(Float64),
    evidence Tuple(qualified Int64, offered Int64, accepted Int64, queued Int64, blocked Map(String, Int64))
)
ENGINE = Kafka
SETTINGS kafka_broker_list = 'broker:9092', kafka_topic_list = 'wfm.volume-adjustments.v1',
         kafka_group_name = 'clickhouse-adjustments', kafka_format = 'ProtobufSingle',
         kafka_schema = 'journeycast/v1/volume_adjustment.proto:VolumeAdjustment';

-- One row per key; of several the one with the highest revision stays.
CREATE TABLE adjustments
(
    organization_id LowCardinality(String),
    business_unit_id LowCardinality(String),
    planning_group_id LowCardinality(String),
    interval_start DateTime('UTC'),
    interval_seconds UInt32,
    revision UInt64,
    state LowCardinality(String),
    additional_mean Float64,
    additional_p10 Float64,
    additional_p90 Float64,
    baseline_offered Nullable(Float64),
    adjusted_offered Nullable(Float64),
    offered Int64,
    accepted Int64,
    queued Int64,
    blocked Map(String, Int64)
)
ENGINE = ReplacingMergeTree(revision)
ORDER BY (organization_id, business_unit_id, planning_group_id, interval_start, interval_seconds);

CREATE MATERIALIZED VIEW adjustments_arrive TO adjustments AS
SELECT
    organization_id, business_unit_id, planning_group_id,
    toDateTime(interval_start.seconds, 'UTC') AS interval_start,
    interval_seconds, revision,
    replaceOne(toString(state), 'ADJUSTMENT_STATE_', '') AS state,
    additional_offered.mean AS additional_mean,
    additional_offered.p10 AS additional_p10,
    additional_offered.p90 AS additional_p90,
    baseline_offered, adjusted_offered,
    evidence.offered AS offered, evidence.accepted AS accepted, evidence.queued AS queued, evidence.blocked AS blocked
FROM adjustments_arriving;

-- FINAL looks through revisions that have not been merged away yet.
CREATE VIEW adjustment_table AS
SELECT
    organization_id, planning_group_id,
    formatDateTime(interval_start, '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS start,
    printf('%.3f', additional_mean) AS additional,
    ifNull(printf('%.3f', adjusted_offered), '-') AS adjusted,
    state, revision
FROM adjustments FINAL
ORDER BY organization_id, business_unit_id, planning_group_id, interval_start, interval_seconds;
