import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

import journeycast.v1.VolumeAdjustmentOuterClass.VolumeAdjustment;

/** Prints the current table of adjustments: AdjustmentTable BOOTSTRAP [TOPIC] [client-setting=value …] */
public class AdjustmentTable {
    public static void main(String[] words) throws Exception {
        var topic = "wfm.volume-adjustments.v1";
        Map<String, Object> settings = new HashMap<>();
        settings.put("bootstrap.servers", words[0]);
        // What a transaction has not committed was never said.
        settings.put("isolation.level", "read_committed");
        for (int i = 1; i < words.length; i++) {
            var halves = words[i].split("=", 2);
            if (halves.length == 2) settings.put(halves[0], halves[1]);
            else topic = words[i];
        }

        var table = new TreeMap<String, VolumeAdjustment>();
        try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer())) {
            // No group is joined and nothing is committed: the whole table is read each time.
            var name = topic;
            var partitions = consumer.partitionsFor(name).stream().map(p -> new TopicPartition(name, p.partition())).toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            var ends = consumer.endOffsets(partitions);
            // By position, not by count: the markers of transactions have offsets too.
            while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.get(p))) {
                for (var record : consumer.poll(Duration.ofSeconds(1))) {
                    var row = VolumeAdjustment.parseFrom(record.value());
                    // Compaction leaves old revisions for a while: of two with the same key the higher one holds.
                    table.merge(record.key(), row, (old, now) -> now.getRevision() > old.getRevision() ? now : old);
                }
            }
        }

        for (var row : table.values()) {
            System.out.println(String.join("\t",
                row.getOrganizationId(),
                row.getPlanningGroupId(),
                Instant.ofEpochSecond(row.getIntervalStart().getSeconds()).toString(),
                String.format(Locale.ROOT, "%.3f", row.getAdditionalOffered().getMean()),
                row.hasAdjustedOffered() ? String.format(Locale.ROOT, "%.3f", row.getAdjustedOffered()) : "-",
                row.getState().name().replace("ADJUSTMENT_STATE_", ""),
                Long.toUnsignedString(row.getRevision())));
        }
    }
}
