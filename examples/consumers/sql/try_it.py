"""Tries clickhouse.sql without a server, by chDB: python try_it.py BOOTSTRAP [TOPIC]

chDB is ClickHouse inside this process. It has no Kafka engine that works, so records are fetched here and put into the
table where the engine would put them; everything behind it is clickhouse.sql as it is.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import grpc_tools
from chdb.session import Session
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

here = Path(__file__).resolve().parent
bootstrap, topic = (sys.argv[1:] + ["wfm.volume-adjustments.v1"])[:2]


def values():
    """The values of all committed records so far."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "adjustment-table", "enable.auto.commit": False,
                         "isolation.level": "read_committed", "enable.partition.eof": True})
    unread = set(consumer.list_topics(topic, timeout=10).topics[topic].partitions)
    consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in unread])
    while unread:
        message = consumer.poll(30)
        if message is None:
            sys.exit("no answer for 30 seconds")
        if not message.error():
            yield message.value()
        elif message.error().code() == KafkaError._PARTITION_EOF:
            unread.discard(message.partition())
        else:
            sys.exit(str(message.error()))
    consumer.close()


def with_length(value):
    """ClickHouse's format Protobuf: each message behind its length as a varint."""
    length, varint = len(value), bytearray()
    while length > 127:
        varint.append(length & 127 | 128)
        length >>= 7
    return bytes(varint) + bytes([length]) + value


with tempfile.TemporaryDirectory() as folder:
    # A server finds the proto files in format_schema_path, and those of Google are installed with it.
    shutil.copytree(here / "../../../proto/journeycast", f"{folder}/journeycast")
    shutil.copytree(Path(grpc_tools.__file__).parent / "_proto/google", f"{folder}/google")
    os.chdir(folder)
    Path("arriving.protobuf").write_bytes(b"".join(map(with_length, values())))

    session = Session()
    sql = (here / "clickhouse.sql").read_text()
    statements = [text for text in sql.split(";\n") if text.strip()]
    engine = statements[0].index("ENGINE = Kafka")
    statements[0] = statements[0][:engine] + "ENGINE = Null"
    for statement in ["CREATE DATABASE shop", "USE shop", *statements]:
        session.query(statement)
    columns = "SELECT name || ' ' || type FROM system.columns WHERE database = 'shop' AND table = 'adjustments_arriving'"
    structure = ", ".join(str(session.query(columns, "TSVRaw")).splitlines())
    session.query(f"""
        INSERT INTO adjustments_arriving
        SELECT * FROM file('{folder}/arriving.protobuf', 'Protobuf', $${structure}$$)
        SETTINGS format_schema = 'journeycast/v1/volume_adjustment.proto:VolumeAdjustment'
    """)
    print(session.query("SELECT * FROM adjustment_table", "TSVRaw"), end="")
