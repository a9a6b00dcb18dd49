package io.github.lamb4j.tools.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.internal.files.AtomicFile;
import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.report.LayerStats;
import io.github.lamb4j.report.StepReport;
import java.io.IOException;
import java.nio.channels.Channels;
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

  /** Writes the file whole or not at all. */
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
