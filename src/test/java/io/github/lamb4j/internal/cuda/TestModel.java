package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.config.BiasCorrection;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.Limits;
import io.github.lamb4j.model.HostParameter;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.model.StateArray;
import io.github.lamb4j.report.StepReport;
import io.github.lamb4j.schedule.Schedule;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A model on the host with several groups, random weights, and random gradients for each step. */
final class TestModel {

  private final List<ParameterGroup> groups = new ArrayList<>();
  private final Random random;

  private TestModel(long seed) {
    random = new Random(seed);
  }

  /** Parameters of these sizes, dealt in turn to three groups with different hyperparameters. */
  static TestModel of(long seed, int... sizes) {
    Schedule schedule =
        Schedule.linearWarmup(0.02, 5).then(5, Schedule.polynomial(0.02, 0.001, 30, 0.5));
    List<Hyperparameters> kinds =
        List.of(
            Hyperparameters.lamb(schedule),
            Hyperparameters.lamb(0.01)
                .withWeightDecay(0)
                .withBetas(0.8, 0.99)
                .withBiasCorrection(BiasCorrection.NONE)
                .withTrustRatioLimits(new Limits(0.01, 10)),
            Hyperparameters.adamW(0.003).withWeightDecay(0.05));
    return of(seed, kinds, sizes);
  }

  /** Parameters of these sizes, dealt in turn to a group of each kind. */
  static TestModel of(long seed, List<Hyperparameters> kinds, int... sizes) {
    TestModel model = new TestModel(seed);
    for (int kind = 0; kind < Math.min(kinds.size(), sizes.length); kind++) {
      List<Parameter> members = new ArrayList<>();
      for (int i = kind; i < sizes.length; i += kinds.size()) {
        members.add(model.parameter("p%d.%d".formatted(i, sizes[i]), sizes[i]));
      }
      model.groups.add(new ParameterGroup("group " + kind, kinds.get(kind), members));
    }
    return model;
  }

  private Parameter parameter(String name, int size) {
    FloatBuffer weights = FloatBuffer.allocate(size);
    for (int i = 0; i < size; i++) {
      weights.put(i, (float) (random.nextGaussian() * 0.05));
    }
    return Parameter.onHost(name, weights, FloatBuffer.allocate(size));
  }

  List<ParameterGroup> groups() {
    return groups;
  }

  List<HostParameter> parameters() {
    return groups.stream()
        .flatMap(g -> g.parameters().stream())
        .map(HostParameter.class::cast)
        .toList();
  }

  Lamb build(LambBuilder builder) {
    groups.forEach(builder::group);
    return builder.build();
  }

  /** Draws new gradients. Models with the same seed get the same ones in each step. */
  void nextGradients() {
    for (HostParameter parameter : parameters()) {
      for (int i = 0; i < parameter.count(); i++) {
        parameter.gradients().floats().put(i, (float) random.nextGaussian());
      }
    }
  }

  /** All results of a step, exactly: weights, moments, norms and trust ratios. */
  static List<String> bits(Lamb lamb, List<HostParameter> parameters) {
    List<String> bits = new ArrayList<>();
    for (HostParameter parameter : parameters) {
      int count = (int) parameter.count();
      FloatBuffer m = FloatBuffer.allocate(count);
      FloatBuffer v = FloatBuffer.allocate(count);
      lamb.readState(parameter.name(), StateArray.FIRST_MOMENT, 0, m);
      lamb.readState(parameter.name(), StateArray.SECOND_MOMENT, 0, v);
      bits.add(
          "%s w %08x m %08x v %08x"
              .formatted(
                  parameter.name(),
                  hash(parameter.weights().floats()),
                  hash(m.flip()),
                  hash(v.flip())));
    }
    StepReport report = lamb.newReport();
    lamb.report(report);
    for (int layer = 0; layer < report.layerCount(); layer++) {
      bits.add(
          "%s %a %a %a, second term %a %a"
              .formatted(
                  report.name(layer),
                  report.weightNorm(layer),
                  report.updateNorm(layer),
                  report.trustRatio(layer),
                  report.gradientUpdateNorm(layer),
                  report.gradientTrustRatio(layer)));
    }
    return bits;
  }

  private static int hash(FloatBuffer values) {
    int hash = 1;
    for (int i = 0; i < values.limit(); i++) {
      hash = 31 * hash + Float.floatToIntBits(values.get(i));
    }
    return hash;
  }
}
