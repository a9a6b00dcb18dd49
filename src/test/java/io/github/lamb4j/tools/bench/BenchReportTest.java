package io.github.lamb4j.tools.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.tools.bench.Contender.Cost;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BenchReportTest {

  private static final ModelShapes MODEL =
      new ModelShapes("m", "M", List.of(new TensorShape("w", List.of(500L, 2000L), true, true)));

  /** A million parameters: b bytes each in t milliseconds are b / t GB/s. */
  private static Timing timing(String name, long bytesEach, long launches, double... millis) {
    return new Timing(name, new Cost(1_000_000, bytesEach * 1_000_000, launches), millis);
  }

  private static BenchReport report(long lastCache) {
    Benchmark.Result result =
        new Benchmark.Result(
            List.of(
                timing(Contender.COPY, 8, 1, 0.5, 0.4, 0.6),
                timing(Contender.ADAMW, 28, 4, 2, 3, 1),
                timing("LAMB two-pass", 40, 8, 4, 5, 3)),
            Map.of("textbook", "no cuBLAS"),
            7,
            Optional.of("all bits compared"));
    return new BenchReport(
        MODEL,
        new BenchSettings(StepPath.AUTO, true, 3, true),
        new FakeRig(List.of(), lastCache),
        result,
        Map.of("device", "Abacus"));
  }

  @Test
  void shouldFormatTheTableAlikeInEveryLocale() {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.GERMANY);
      assertEquals(
          """
          M: 1,000,000 parameters in 1 tensors, fp32, clipped
          3 interleaved repetitions after 7 warm-up rounds; a step uses 1 MiB, the last-level cache holds 1 KiB
          all bits compared

                                           ms        p95  B/param      GB/s  % of copy  launches  vs AdamW
          copy                          0.500      0.600     8.00      16.0      100.0         1         -
          AdamW                         2.000      3.000    28.00      14.0       87.5         4     1.000
          LAMB two-pass                 4.000      5.000    40.00      10.0       62.5         8     2.000
          theoretical bandwidth: 20.0 GB/s, of which the copy reaches 80.0 %
          B/param counts the second read of the weights; from the L2 cache, it can take % of copy past 100
          textbook                  skipped: no cuBLAS
          """,
          report(1024).table());
    } finally {
      Locale.setDefault(before);
    }
  }

  private static BenchReport shardedReport() {
    return report(1024)
        .with(new ShardedBenchmark.Result(timing("LAMB, 4 ranks", 0, 0, 3, 2, 4), 4, 6_012_345));
  }

  @Test
  void shouldAddARowForAShardedStep() throws IOException {
    String[] lines = shardedReport().table().split("\\R");
    assertEquals(
        "LAMB, 4 ranks                 3.000      4.000        -         -          -         -     1.500",
        lines[8]);
    assertEquals(
        "LAMB, 4 ranks: timed after the other rows; each rank sends 6,012,345 bytes per step, 6.01 per parameter",
        lines[9]);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    shardedReport().writeJson(bytes);
    Map<String, String> fields = fields(bytes.toString(StandardCharsets.UTF_8));
    assertEquals("4", fields.get("/sharded/ranks"));
    assertEquals("6012345", fields.get("/sharded/bytes_sent_per_rank"));
    assertEquals("3.0", fields.get("/sharded/median_ms"));
    assertEquals("4.0", fields.get("/sharded/milliseconds/2"));
  }

  @Test
  void shouldWarnWhenTheModelFitsInTheCache() {
    String warning = "these times measure the cache";
    assertTrue(report(1 << 30).table().contains(warning));
    assertTrue(!report(1 << 20).table().contains(warning));
  }

  @Test
  void shouldWriteAllResultsAsJson() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    report(1024).writeJson(bytes);
    Map<String, String> fields = fields(bytes.toString(StandardCharsets.UTF_8));
    assertEquals("lamb bench", fields.get("/program"));
    assertEquals("1000000", fields.get("/model/parameters"));
    assertEquals("true", fields.get("/settings/clip"));
    assertEquals("7", fields.get("/settings/warmup"));
    assertEquals("AdamW", fields.get("/results/1/name"));
    assertEquals("2.0", fields.get("/results/1/median_ms"));
    assertEquals("1.0", fields.get("/results/1/milliseconds/2"));
    assertEquals("62.5", fields.get("/results/2/percent_of_copy"));
    assertEquals("2.0", fields.get("/results/2/ratio_to_adamw"));
    assertEquals("no cuBLAS", fields.get("/results/3/skipped"));
    assertEquals("all bits compared", fields.get("/check"));
    assertEquals("20.0", fields.get("/theoretical_gigabytes_per_second"));
    assertEquals("Abacus", fields.get("/machine/device"));
  }

  /** The values of a JSON text by their JSON pointers. */
  static Map<String, String> fields(String text) throws IOException {
    Map<String, String> fields = new HashMap<>();
    try (JsonParser json = new JsonFactory().createParser(text)) {
      while (json.nextToken() != null) {
        if (json.currentToken().isScalarValue()) {
          fields.put(json.getParsingContext().pathAsPointer().toString(), json.getText());
        }
      }
    }
    return fields;
  }

  @Test
  void shouldComputeMedianAndNearestRankPercentile() {
    assertEquals(2.5, timing("x", 8, 0, 4, 1, 3, 2).median());
    assertEquals(1, timing("x", 8, 0, 1).p95());
    double[] millis = IntStream.rangeClosed(1, 30).mapToDouble(i -> i).toArray();
    assertEquals(29, timing("x", 8, 0, millis).p95());
    assertEquals(15.5, timing("x", 8, 0, millis).median());
    assertEquals(1, timing("x", 8, 0, millis).min());
  }
}
