package io.github.lamb4j.tools.bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The results of a benchmark, as a table and as JSON. */
public final class BenchReport {

  private static final String ROW = "%-24s  %9s  %9s  %7s  %8s  %9s  %8s  %8s%n";

  private final ModelShapes model;
  private final BenchSettings settings;
  private final Benchmark.Result result;
  private final long workingSet;
  private final long lastCache;
  private final double theoretical;
  private final Map<String, String> machine;
  private final Optional<ShardedBenchmark.Result> sharded;

  BenchReport(
      ModelShapes model,
      BenchSettings settings,
      Rig rig,
      Benchmark.Result result,
      Map<String, String> machine) {
    this.model = model;
    this.settings = settings;
    this.result = result;
    this.machine = machine;
    workingSet = rig.workingSetBytes();
    lastCache = rig.lastCacheBytes();
    theoretical = rig.theoreticalGigabytesPerSecond();
    sharded = Optional.empty();
  }

  private BenchReport(BenchReport other, ShardedBenchmark.Result sharded) {
    model = other.model;
    settings = other.settings;
    result = other.result;
    machine = other.machine;
    workingSet = other.workingSet;
    lastCache = other.lastCache;
    theoretical = other.theoretical;
    this.sharded = Optional.of(sharded);
  }

  /** The same report with a row for a sharded step. */
  BenchReport with(ShardedBenchmark.Result result) {
    return new BenchReport(this, result);
  }

  /** The table, with a heading above it and the skipped contenders below it. */
  public String table() {
    StringBuilder table = new StringBuilder();
    line(
        table,
        "%s: %,d parameters in %d tensors, fp32%s%n",
        model.title(),
        model.parameters(),
        model.tensors().size(),
        settings.clip() ? ", clipped" : "");
    line(
        table,
        "%d interleaved repetitions after %d warm-up rounds; a step uses %,d MiB, the last-level cache holds %s%n",
        repetitions(),
        result.warmup(),
        workingSet >> 20,
        lastCache == 0
            ? "an unknown size"
            : String.format(Locale.ROOT, "%,d KiB", lastCache >> 10));
    if (workingSet <= lastCache) {
      line(
          table,
          "the model fits in the last-level cache: these times measure the cache, not memory%n");
    }
    result.check().ifPresent(check -> line(table, "%s%n", check));
    line(table, "%n");
    line(table, ROW, "", "ms", "p95", "B/param", "GB/s", "% of copy", "launches", "vs AdamW");
    for (Timing timing : result.timings()) {
      row(table, timing);
    }
    sharded.ifPresent(row -> shardedRow(table, row));
    if (theoretical > 0) {
      double copy = timing(Contender.COPY).gigabytesPerSecond();
      line(
          table,
          "theoretical bandwidth: %.1f GB/s, of which the copy reaches %.1f %%%n",
          theoretical,
          100 * copy / theoretical);
      line(
          table,
          "B/param counts the second read of the weights; from the L2 cache, it can take %% of copy past 100%n");
    }
    result.skipped().forEach((name, reason) -> line(table, "%-24s  skipped: %s%n", name, reason));
    return table.toString();
  }

  private void row(StringBuilder table, Timing timing) {
    boolean copy = timing.name().equals(Contender.COPY);
    long launches = timing.cost().launches();
    line(
        table,
        ROW,
        timing.name(),
        number("%.3f", timing.median()),
        number("%.3f", timing.p95()),
        number("%.2f", timing.cost().bytesPerElement()),
        number("%.1f", timing.gigabytesPerSecond()),
        number("%.1f", percentOfCopy(timing)),
        launches == 0 ? "-" : launches,
        copy ? "-" : number("%.3f", ratioToAdamW(timing)));
  }

  private void shardedRow(StringBuilder table, ShardedBenchmark.Result row) {
    Timing timing = row.timing();
    line(
        table,
        ROW,
        timing.name(),
        number("%.3f", timing.median()),
        number("%.3f", timing.p95()),
        "-",
        "-",
        "-",
        "-",
        number("%.3f", ratioToAdamW(timing)));
    line(
        table,
        "%s: timed after the other rows; each rank sends %,d bytes per step, %.2f per parameter%n",
        timing.name(),
        row.sent(),
        (double) row.sent() / model.parameters());
  }

  private int repetitions() {
    return result.timings().get(0).millis().length;
  }

  private double percentOfCopy(Timing timing) {
    return 100 * timing.gigabytesPerSecond() / timing(Contender.COPY).gigabytesPerSecond();
  }

  private double ratioToAdamW(Timing timing) {
    return timing.median() / timing(Contender.ADAMW).median();
  }

  private Timing timing(String name) {
    return result.timings().stream().filter(t -> t.name().equals(name)).findFirst().orElseThrow();
  }

  private static void line(StringBuilder table, String format, Object... values) {
    table.append(String.format(Locale.ROOT, format, values));
  }

  private static String number(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }

  /** Writes all results, with every repetition, as one JSON object. Leaves the stream open. */
  public void writeJson(OutputStream stream) throws IOException {
    try (JsonGenerator json =
        new JsonFactory()
            .createGenerator(stream)
            .disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET)
            .useDefaultPrettyPrinter()) {
      json.writeStartObject();
      json.writeStringField("program", "lamb bench");
      json.writeObjectFieldStart("model");
      json.writeStringField("name", model.name());
      json.writeStringField("title", model.title());
      json.writeNumberField("parameters", model.parameters());
      json.writeNumberField("tensors", model.tensors().size());
      json.writeNumberField("working_set_bytes", workingSet);
      json.writeNumberField("last_cache_bytes", lastCache);
      json.writeEndObject();
      json.writeObjectFieldStart("settings");
      json.writeStringField("path", settings.path().toString());
      json.writeBooleanField("clip", settings.clip());
      json.writeNumberField("threads", settings.threads());
      json.writeNumberField("warmup", result.warmup());
      json.writeNumberField("repetitions", repetitions());
      json.writeEndObject();
      if (result.check().isPresent()) {
        json.writeStringField("check", result.check().get());
      }
      if (theoretical > 0) {
        json.writeNumberField("theoretical_gigabytes_per_second", theoretical);
      }
      json.writeArrayFieldStart("results");
      for (Timing timing : result.timings()) {
        writeTiming(json, timing);
      }
      for (Map.Entry<String, String> skipped : result.skipped().entrySet()) {
        json.writeStartObject();
        json.writeStringField("name", skipped.getKey());
        json.writeStringField("skipped", skipped.getValue());
        json.writeEndObject();
      }
      json.writeEndArray();
      if (sharded.isPresent()) {
        writeSharded(json, sharded.get());
      }
      json.writeObjectFieldStart("machine");
      for (Map.Entry<String, String> fact : machine.entrySet()) {
        json.writeStringField(fact.getKey(), fact.getValue());
      }
      json.writeEndObject();
      json.writeEndObject();
    }
  }

  private void writeSharded(JsonGenerator json, ShardedBenchmark.Result row) throws IOException {
    json.writeObjectFieldStart("sharded");
    json.writeStringField("name", row.timing().name());
    json.writeNumberField("ranks", row.ranks());
    json.writeNumberField("median_ms", row.timing().median());
    json.writeNumberField("p95_ms", row.timing().p95());
    json.writeNumberField("ratio_to_adamw", ratioToAdamW(row.timing()));
    json.writeNumberField("bytes_sent_per_rank", row.sent());
    writeMilliseconds(json, row.timing());
    json.writeEndObject();
  }

  private static void writeMilliseconds(JsonGenerator json, Timing timing) throws IOException {
    json.writeArrayFieldStart("milliseconds");
    for (double millis : timing.millis()) {
      json.writeNumber(millis);
    }
    json.writeEndArray();
  }

  private void writeTiming(JsonGenerator json, Timing timing) throws IOException {
    json.writeStartObject();
    json.writeStringField("name", timing.name());
    json.writeNumberField("median_ms", timing.median());
    json.writeNumberField("p95_ms", timing.p95());
    json.writeNumberField("least_ms", timing.min());
    json.writeNumberField("elements", timing.cost().elements());
    json.writeNumberField("bytes", timing.cost().bytes());
    json.writeNumberField("bytes_per_parameter", timing.cost().bytesPerElement());
    json.writeNumberField("gigabytes_per_second", timing.gigabytesPerSecond());
    json.writeNumberField("percent_of_copy", percentOfCopy(timing));
    json.writeNumberField("launches", timing.cost().launches());
    if (!timing.name().equals(Contender.COPY)) {
      json.writeNumberField("ratio_to_adamw", ratioToAdamW(timing));
    }
    writeMilliseconds(json, timing);
    json.writeEndObject();
  }
}
