package io.github.lamb4j.tools.sweep;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.github.lamb4j.internal.files.Printable;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Sweeps as JSON. */
public final class SweepJson {

  private SweepJson() {}

  /** Writes a result. Does not close the stream. */
  public static void write(SweepResult result, OutputStream stream) throws IOException {
    try (JsonGenerator json =
        new JsonFactory()
            .createGenerator(stream)
            .disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET)
            .useDefaultPrettyPrinter()) {
      json.writeStartObject();
      json.writeStringField("preset", result.preset());
      json.writeStringField("backend", result.backend());
      json.writeNumberField("epochs", result.epochs());
      writeNumbers(json, "batch_sizes", result.batchSizes());
      json.writeArrayFieldStart("optimizers");
      for (String optimizer : result.optimizers()) {
        json.writeString(optimizer);
      }
      json.writeEndArray();
      writeNumbers(json, "rates", result.rates());
      writeNumbers(json, "seeds", result.seeds());
      writeCells(json, "grid", result.grid());
      writeCells(json, "transfer", result.transfer());
      json.writeEndObject();
    }
  }

  /**
   * Reads a result that {@link #write} wrote.
   *
   * @throws IllegalArgumentException if the file contains something else
   */
  public static SweepResult read(Path file) throws IOException {
    // Unlike Files.readString, this takes any bytes, which the parser then refuses.
    String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    try {
      JsonObject json = JsonObject.parse(text);
      return new SweepResult(
          json.text("preset"),
          json.text("backend"),
          Math.toIntExact(json.whole("epochs")),
          json.list("batch_sizes", Long.class).stream().map(Math::toIntExact).toList(),
          json.list("optimizers", String.class),
          json.numbers("rates"),
          json.list("seeds", Long.class),
          cells(json.list("grid", JsonObject.class)),
          cells(json.list("transfer", JsonObject.class)));
    } catch (IOException | ArithmeticException e) {
      throw new IllegalArgumentException(
          Printable.path(file)
              + ": not the results of a sweep: "
              + e.getMessage()
              + "; use a file that lamb train --sweep --json wrote",
          e);
    }
  }

  /** One line, without its end. */
  static String line(SweepCell cell) throws IOException {
    StringWriter line = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(line)) {
      writeCell(json, cell);
    }
    return line.toString();
  }

  private static void writeCells(JsonGenerator json, String name, List<SweepCell> cells)
      throws IOException {
    json.writeArrayFieldStart(name);
    for (SweepCell cell : cells) {
      writeCell(json, cell);
    }
    json.writeEndArray();
  }

  private static void writeCell(JsonGenerator json, SweepCell cell) throws IOException {
    json.writeStartObject();
    json.writeStringField("optimizer", cell.optimizer());
    json.writeNumberField("batch_size", cell.batchSize());
    json.writeNumberField("learning_rate", cell.learningRate());
    json.writeNumberField("seed", cell.seed());
    json.writeBooleanField("diverged", cell.diverged());
    json.writeNumberField("steps", cell.steps());
    json.writeNumberField("skipped_steps", cell.skippedSteps());
    json.writeNumberField("validation_accuracy", cell.validationAccuracy());
    json.writeNumberField("held_out_accuracy", cell.accuracy());
    json.writeNumberField("held_out_macro_f1", cell.macroF1());
    writeNumbers(json, "train_loss", cell.trainLoss());
    json.writeArrayFieldStart("trust_ratios");
    for (SweepCell.TrustCurve curve : cell.trustRatios()) {
      json.writeStartObject();
      json.writeStringField("layer", curve.layer());
      writeNumbers(json, "steps", curve.steps());
      writeNumbers(json, "values", curve.values());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  static void writeNumbers(JsonGenerator json, String name, List<? extends Number> numbers)
      throws IOException {
    json.writeArrayFieldStart(name);
    for (Number number : numbers) {
      if (number instanceof Double) {
        json.writeNumber(number.doubleValue());
      } else {
        json.writeNumber(number.longValue());
      }
    }
    json.writeEndArray();
  }

  private static List<SweepCell> cells(List<JsonObject> objects) throws IOException {
    List<SweepCell> cells = new ArrayList<>();
    for (JsonObject object : objects) {
      cells.add(cell(object));
    }
    return cells;
  }

  /** Reads a run from its object. */
  static SweepCell cell(JsonObject json) throws IOException {
    List<SweepCell.TrustCurve> trustRatios = new ArrayList<>();
    for (JsonObject curve : json.list("trust_ratios", JsonObject.class)) {
      trustRatios.add(
          new SweepCell.TrustCurve(
              curve.text("layer"), curve.list("steps", Long.class), curve.numbers("values")));
    }
    return new SweepCell(
        json.text("optimizer"),
        Math.toIntExact(json.whole("batch_size")),
        json.number("learning_rate"),
        json.whole("seed"),
        json.flag("diverged"),
        json.whole("steps"),
        json.whole("skipped_steps"),
        json.number("validation_accuracy"),
        json.number("held_out_accuracy"),
        json.number("held_out_macro_f1"),
        json.numbers("train_loss"),
        trustRatios);
  }
}
