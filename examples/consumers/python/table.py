"""Prints the current table of adjustments: python table.py BOOTSTRAP [TOPIC] [client-setting=value …]"""

import sys

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

from journeycast.v1.volume_adjustment_pb2 import AdjustmentState, VolumeAdjustment

bootstrap, *rest = sys.argv[1:]
settings = dict(word.split("=", 1) for word in rest if "=" in word)
topic = next((word for word in rest if "=" not in word), "wfm.volume-adjustments.v1")

consumer = Consumer({
    "bootstrap.servers": bootstrap,
    # The library wants a name; no group is joined, and nothing is committed: the whole table is read each time.
    "group.id": "adjustment-table",
    "enable.auto.commit": False,
    # What a transaction has not committed was never said.
    "isolation.level": "read_committed",
    "enable.partition.eof": True,
    **settings,
})
partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in partitions])

table = {}
unread = set(partitions)
while unread:
    message = consumer.poll(30)
    if message is None:
        sys.exit("no answer for 30 seconds")
    if message.error():
        if message.error().code() != KafkaError._PARTITION_EOF:
            sys.exit(str(message.error()))
        unread.discard(message.partition())
        continue
    row = VolumeAdjustment.FromString(message.value())
    # Compaction leaves old revisions for a while: of two with the same key the higher one holds.
    if message.key() not in table or row.revision > table[message.key()].revision:
        table[message.key()] = row
consumer.close()

for key in sorted(table):
    row = table[key]
    print(
        row.organization_id,
        row.planning_group_id,
        row.interval_start.ToJsonString(),
        f"{row.additional_offered.mean:.3f}",
        f"{row.adjusted_offered:.3f}" if row.HasField("adjusted_offered") else "-",
        AdjustmentState.Name(row.state).removeprefix("ADJUSTMENT_STATE_"),
        row.revision,
        sep="\t",
    )
