package io.github.lamb4j.tools.train;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.github.lamb4j.report.LayerStats;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Locale;

/**
 * The results of a comparison, as a table and as JSON. For the same settings, only the JSON's
 * {@code machine} may differ between runs.
 *
 * @param seed determined the split, the initial weights and the order of the examples
 * @param data the examples
 * @param runs one per optimizer and batch size
 * @param backend the backend's name
 * @param reason why it was chosen
 * @param threads the number of threads of the CPU backend, on each rank
 * @param microBatches the number of micro-batches of a batch
 * @param ranks the number of processes
 */
public record TrainingReport(
    long seed,
    Examples.Split data,
    List<TrainingRun> runs,
    String backend,
    String reason,
    int threads,
    int microBatches,
    int ranks) {

  /** The digits of the weights' SHA-256 in the table; the JSON has all. */
  private static final int DIGEST_DIGITS = 12;

  private static final String ROW = "%-9s  %6s  %6s  %6s  %8s  %10s  %8s  %8s  %7s  %s%n";

  /** The scores of always predicting the most frequent class. */
  public Scores majority() {
    return Scores.ofMajority(data.train().counts(Glosses.CLASSES.size()), data.heldOut().labels());
  }

  /** The table, with a description of the data above it. */
  public String table() {
    StringBuilder table = new StringBuilder();
    line(
        table,
        "%,d glosses to train on, %,d held out, %d classes; seed %d%n",
        data.train().size(),
        data.heldOut().size(),
        Glosses.CLASSES.size(),
        seed);
    line(
        table,
        "always the most frequent class: accuracy %.4f, macro-F1 %.4f%n%n",
        majority().accuracy(),
        majority().macroF1());
    line(
        table,
        ROW,
        "optimizer",
        "batch",
        "epochs",
        "steps",
        "lr",
        "train loss",
        "accuracy",
        "macro-F1",
        "seconds",
        "weights");
    for (TrainingRun run : runs) {
      line(
          table,
          ROW,
          run.contender().label(),
          run.batchSize(),
          run.epochs().size(),
          run.steps(),
          number("%.3g", run.learningRate()),
          run.diverged() ? "diverged" : number("%.4f", run.last().trainLoss()),
          run.diverged() ? "-" : number("%.4f", run.last().heldOut().accuracy()),
          run.diverged() ? "-" : number("%.4f", run.last().heldOut().macroF1()),
          number("%.1f", run.seconds()),
          run.weightsSha256().substring(0, DIGEST_DIGITS));
    }
    return table.toString();
  }

  private static void line(StringBuilder table, String format, Object... values) {
    table.append(String.format(Locale.ROOT, format, values));
  }

  private static String number(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }

  /** Writes the report as a JSON object. Does not close the stream. */
  public void writeJson(OutputStream stream) throws IOException {
    try (JsonGenerator json =
        new JsonFactory()
            .createGenerator(stream)
            .disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET)
            .useDefaultPrettyPrinter()) {
      json.writeStartObject();
      writeSettings(json);
      writeDataset(json);
      json.writeObjectFieldStart("majority_class");
      writeScores(json, majority());
      json.writeEndObject();
      json.writeArrayFieldStart("runs");
      for (TrainingRun run : runs) {
        writeRun(json, run);
      }
      json.writeEndArray();
      writeMachine(json);
      json.writeEndObject();
    }
  }

  private void writeSettings(JsonGenerator json) throws IOException {
    json.writeObjectFieldStart("settings");
    json.writeStringField("backend", backend);
    json.writeNumberField("seed", seed);
    json.writeNumberField("micro_batches", microBatches);
    json.writeNumberField("buckets", Trainer.BUCKETS);
    json.writeNumberField("embedding_width", Trainer.WIDTH);
    json.writeNumberField("hidden_width", Trainer.HIDDEN);
    json.writeNumberField("warmup_share", Trainer.WARMUP);
    json.writeNumberField("weight_decay", Contender.WEIGHT_DECAY);
    json.writeEndObject();
  }

  private void writeDataset(JsonGenerator json) throws IOException {
    json.writeObjectFieldStart("dataset");
    json.writeStringField("source", Glosses.SOURCE);
    json.writeNumberField("classes", Glosses.CLASSES.size());
    json.writeNumberField("train_examples", data.train().size());
    json.writeNumberField("held_out_examples", data.heldOut().size());
    json.writeObjectFieldStart("train_examples_by_class");
    int[] counts = data.train().counts(Glosses.CLASSES.size());
    for (int c = 0; c < counts.length; c++) {
      json.writeNumberField(Glosses.CLASSES.get(c), counts[c]);
    }
    json.writeEndObject();
    json.writeEndObject();
  }

  private static void writeRun(JsonGenerator json, TrainingRun run) throws IOException {
    json.writeStartObject();
    json.writeStringField("optimizer", run.contender().label());
    json.writeNumberField("batch_size", run.batchSize());
    json.writeNumberField("learning_rate", run.learningRate());
    json.writeNumberField("steps", run.steps());
    json.writeBooleanField("diverged", run.diverged());
    if (!run.diverged()) {
      json.writeNumberField("train_loss", run.last().trainLoss());
      writeScores(json, run.last().heldOut());
    }
    json.writeArrayFieldStart("epochs");
    for (TrainingRun.Epoch epoch : run.epochs()) {
      json.writeStartObject();
      json.writeNumberField("epoch", epoch.number());
      json.writeNumberField("train_loss", epoch.trainLoss());
      writeScores(json, epoch.heldOut());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeArrayFieldStart("last_step");
    for (LayerStats layer : run.layers()) {
      json.writeStartObject();
      json.writeStringField("layer", layer.name());
      json.writeNumberField("weight_norm", layer.weightNorm());
      json.writeNumberField("update_norm", layer.updateNorm());
      json.writeNumberField("trust_ratio", layer.trustRatio());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeStringField("weights_sha256", run.weightsSha256());
    json.writeEndObject();
  }

  private static void writeScores(JsonGenerator json, Scores scores) throws IOException {
    json.writeNumberField("held_out_accuracy", scores.accuracy());
    json.writeNumberField("held_out_macro_f1", scores.macroF1());
  }

  private void writeMachine(JsonGenerator json) throws IOException {
    String version = TrainingReport.class.getPackage().getImplementationVersion();
    json.writeObjectFieldStart("machine");
    json.writeStringField("lamb4j", version == null ? "not packaged" : version);
    json.writeStringField("java", System.getProperty("java.vm.version"));
    json.writeStringField(
        "os", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    json.writeStringField("backend_reason", reason);
    json.writeNumberField("threads", threads);
    json.writeNumberField("ranks", ranks);
    json.writeArrayFieldStart("seconds");
    for (TrainingRun run : runs) {
      json.writeNumber(run.seconds());
    }
    json.writeEndArray();
    json.writeEndObject();
  }
}
