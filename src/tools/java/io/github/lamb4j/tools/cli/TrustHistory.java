package io.github.lamb4j.tools.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.internal.files.AtomicFile;
import io.github.lamb4j.internal.files.Printable;
import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.report.LayerStats;
import io.github.lamb4j.report.StepReport;
import java.io.CharConversionException;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The content of {@code trust.json}: each tensor's norms and trust ratio at each step taken. */
final class TrustHistory {

  /** One tensor at one step; the gradient's numbers belong to the second term of LANS. */
  private record Layer(LayerStats stats, double gradientUpdateNorm, double gradientTrustRatio) {}

  private final boolean lans;

  /** By tensor name. */
  private final Map<String, Hyperparameters> hyperparameters = new HashMap<>();

  private final Map<Long, List<Layer>> steps = new TreeMap<>();

  /** An empty history of an optimizer. */
  TrustHistory(StepSetup setup) {
    lans = setup.isLans();
    for (ParameterGroup group : setup.groups()) {
      group.parameters().forEach(p -> hyperparameters.put(p.name(), group.hyperparameters()));
    }
  }

  /** Adds a step that was taken. */
  void add(StepReport report) {
    List<Layer> layers = new ArrayList<>(report.layerCount());
    for (int i = 0; i < report.layerCount(); i++) {
      LayerStats stats =
          new LayerStats(
              report.name(i), report.weightNorm(i), report.updateNorm(i), report.trustRatio(i));
      layers.add(new Layer(stats, report.gradientUpdateNorm(i), report.gradientTrustRatio(i)));
    }
    steps.put(report.step(), layers);
  }

  /** The number of steps taken. */
  int stepCount() {
    return steps.size();
  }

  /**
   * Checks the file of an earlier call.
   *
   * @throws BadInput if it is not one
   */
  static void requireReadable(Path path, FileChannel earlier) throws IOException {
    try (JsonParser json = parser(earlier)) {
      boolean valid = json.nextToken() == JsonToken.START_OBJECT;
      while (valid && json.nextToken() == JsonToken.FIELD_NAME) {
        valid =
            json.currentName().matches("[0-9]{1,10}") && json.nextToken() == JsonToken.START_OBJECT;
        json.skipChildren();
      }
      if (!valid || json.nextToken() != null) {
        throw notTrust(path);
      }
    } catch (JsonProcessingException | CharConversionException e) {
      throw notTrust(path);
    }
  }

  /** A parser from the beginning of the file, which stays open. */
  private static JsonParser parser(FileChannel file) throws IOException {
    return new JsonFactory()
        .createParser(Channels.newInputStream(file.position(0)))
        .disable(JsonParser.Feature.AUTO_CLOSE_SOURCE);
  }

  private static BadInput notTrust(Path path) {
    return new BadInput(
        Printable.path(path) + ": does not hold trust ratios by step; move it away");
  }

  /**
   * Writes the file whole or not at all.
   *
   * @param earlier the file of an earlier call, whose steps are kept; may be null
   * @param upTo the last step to keep
   */
  void write(Path path, FileChannel earlier, long upTo) throws IOException {
    AtomicFile.write(
        path,
        channel -> {
          try (JsonGenerator json =
              new JsonFactory().createGenerator(Channels.newOutputStream(channel))) {
            json.useDefaultPrettyPrinter().writeStartObject();
            if (earlier != null) {
              copy(earlier, upTo, json);
            }
            for (Map.Entry<Long, List<Layer>> step : steps.entrySet()) {
              json.writeObjectFieldStart(step.getKey().toString());
              for (Layer layer : step.getValue()) {
                write(json, layer);
              }
              json.writeEndObject();
            }
            json.writeEndObject();
          }
        });
  }

  private static void copy(FileChannel earlier, long upTo, JsonGenerator to) throws IOException {
    try (JsonParser json = parser(earlier)) {
      json.nextToken();
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        if (Long.parseLong(json.currentName()) <= upTo) {
          to.copyCurrentStructure(json); // the name and its value
        } else {
          json.nextToken();
          json.skipChildren();
        }
      }
    }
  }

  private void write(JsonGenerator json, Layer layer) throws IOException {
    Hyperparameters own = hyperparameters.get(layer.stats.name());
    json.writeObjectFieldStart(layer.stats.name());
    json.writeBooleanField("decayed", own.weightDecay() != 0);
    json.writeBooleanField("adapted", own.isAdapted());
    json.writeNumberField("weight_norm", layer.stats.weightNorm());
    json.writeNumberField("update_norm", layer.stats.updateNorm());
    json.writeNumberField("trust_ratio", layer.stats.trustRatio());
    if (lans) {
      json.writeNumberField("gradient_update_norm", layer.gradientUpdateNorm);
      json.writeNumberField("gradient_trust_ratio", layer.gradientTrustRatio);
    }
    json.writeEndObject();
  }
}
