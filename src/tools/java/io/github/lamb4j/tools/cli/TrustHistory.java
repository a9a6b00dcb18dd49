package io.github.lamb4j.tools.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.github.lamb4j.internal.files.AtomicFile;
import io.github.lamb4j.report.StepReport;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What {@code trust.json} tells: every layer's norms and trust ratio at each step taken. */
final class TrustHistory {

  /** One layer at one step; the {@code gradient} ones are of LANS' second term. */
  private record Layer(
      String name,
      double weightNorm,
      double updateNorm,
      double trustRatio,
      double gradientUpdateNorm,
      double gradientTrustRatio) {}

  private final boolean lans;
  private final Map<Long, List<Layer>> steps = new TreeMap<>();

  /**
   * An empty one.
   *
   * @param lans whether updates have a second term
   */
  TrustHistory(boolean lans) {
    this.lans = lans;
  }

  /** Adds a step that was taken. */
  void add(StepReport report) {
    List<Layer> layers = new ArrayList<>(report.layerCount());
    for (int i = 0; i < report.layerCount(); i++) {
      layers.add(
          new Layer(
              report.name(i),
              report.weightNorm(i),
              report.updateNorm(i),
              report.trustRatio(i),
              report.gradientUpdateNorm(i),
              report.gradientTrustRatio(i)));
    }
    steps.put(report.step(), layers);
  }

  /** The number of steps taken. */
  int stepCount() {
    return steps.size();
  }

  /** Writes all of it, or nothing. */
  void write(Path path) throws IOException {
    AtomicFile.write(
        path,
        channel -> {
          try (JsonGenerator json =
              new JsonFactory().createGenerator(Channels.newOutputStream(channel))) {
            json.useDefaultPrettyPrinter().writeStartObject();
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

  private void write(JsonGenerator json, Layer layer) throws IOException {
    json.writeObjectFieldStart(layer.name);
    json.writeNumberField("weight_norm", layer.weightNorm);
    json.writeNumberField("update_norm", layer.updateNorm);
    json.writeNumberField("trust_ratio", layer.trustRatio);
    if (lans) {
      json.writeNumberField("gradient_update_norm", layer.gradientUpdateNorm);
      json.writeNumberField("gradient_trust_ratio", layer.gradientTrustRatio);
    }
    json.writeEndObject();
  }
}
