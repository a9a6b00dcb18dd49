package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.Numbers;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.model.StateArray;
import io.github.lamb4j.report.StepReport;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/**
 * Groups of parameters in all combinations of data types, on any side. Two models with the same
 * seed have the same weights, and in each step the same gradients.
 */
final class MixedModel {

  /** The data types of a parameter. */
  record Form(DType weights, DType modelCopy, DType gradients) {}

  /** A parameter with its arrays; {@code modelCopy} may be null. */
  record Tensor(Parameter parameter, TestArray weights, TestArray gradients, TestArray modelCopy) {
    String name() {
      return parameter.name();
    }
  }

  /** All combinations of data types. */
  static final List<Form> FORMS =
      Stream.of(DType.values())
          .flatMap(
              gradients ->
                  Stream.of(
                      new Form(DType.F32, null, gradients),
                      new Form(DType.F32, DType.F16, gradients),
                      new Form(DType.F32, DType.BF16, gradients),
                      new Form(DType.F16, null, gradients),
                      new Form(DType.BF16, null, gradients)))
          .toList();

  final List<Tensor> tensors = new ArrayList<>();
  final List<ParameterGroup> groups = new ArrayList<>();
  private final Side side;
  private final Random random;

  MixedModel(Side side, long seed) {
    this.side = side;
    random = new Random(seed);
  }

  /** Adds a group of parameters of these sizes, cycling through the forms. */
  MixedModel group(String name, Hyperparameters hyperparameters, int... sizes) {
    groups.add(newGroup(name, hyperparameters, sizes));
    return this;
  }

  /** A group that is not part of the model's optimizer yet. */
  ParameterGroup newGroup(String name, Hyperparameters hyperparameters, int... sizes) {
    List<Parameter> members = new ArrayList<>();
    for (int size : sizes) {
      Form form = FORMS.get(tensors.size() % FORMS.size());
      members.add(add("%s.%d".formatted(name, members.size()), form, size).parameter());
    }
    return new ParameterGroup(name, hyperparameters, members);
  }

  /** A parameter with random weights, in no group yet. */
  Tensor add(String name, Form form, int size) {
    TestArray weights = side.array(form.weights, size, Purpose.WEIGHTS, name);
    TestArray gradients = side.array(form.gradients, size, Purpose.GRADIENTS, name);
    TestArray copy =
        form.modelCopy == null ? null : side.array(form.modelCopy, size, Purpose.MODEL_COPY, name);
    weights.put(Numbers.normal(random, size, 0.05));
    Tensor tensor =
        new Tensor(side.parameter(name, weights, gradients, copy), weights, gradients, copy);
    tensors.add(tensor);
    return tensor;
  }

  LambBuilder builder() {
    LambBuilder builder = side.builder();
    groups.forEach(builder::group);
    return builder;
  }

  /** Draws new gradients of this scale. */
  void nextGradients(double scale) {
    tensors.forEach(t -> t.gradients.put(Numbers.normal(random, t.weights.count, scale)));
  }

  /** All results of a step, exactly. */
  String bits(Lamb lamb) {
    StepReport report = lamb.newReport();
    lamb.report(report);
    return state(lamb) + text(report);
  }

  /** Hashes of weights, model copies, gradients, moments and masters. */
  String state(Lamb lamb) {
    StringBuilder bits = new StringBuilder();
    for (Tensor t : tensors) {
      if (lamb.groups().stream().noneMatch(g -> g.parameters().contains(t.parameter))) {
        continue;
      }
      bits.append(
          "%s w %08x copy %08x g %08x m %08x v %08x master %08x%n"
              .formatted(
                  t.name(),
                  t.weights.hash(),
                  t.modelCopy == null ? 0 : t.modelCopy.hash(),
                  t.gradients.hash(),
                  hash(moment(lamb, t, StateArray.FIRST_MOMENT)),
                  hash(moment(lamb, t, StateArray.SECOND_MOMENT)),
                  t.parameter.hasMaster() ? hash(master(lamb, t)) : 0));
    }
    return bits.toString();
  }

  /** The numbers of a report, exactly. */
  static String text(StepReport report) {
    StringBuilder text = new StringBuilder();
    text.append(
        "step %d skipped %d norm %a%n"
            .formatted(report.step(), report.skippedSteps(), report.gradientNorm()));
    for (int g = 0; g < report.groupCount(); g++) {
      text.append("rate %a%n".formatted(report.learningRate(g)));
    }
    for (int i = 0; i < report.layerCount(); i++) {
      text.append(
          "%s %a %a %a %a %a%n"
              .formatted(
                  report.name(i),
                  report.weightNorm(i),
                  report.updateNorm(i),
                  report.trustRatio(i),
                  report.gradientUpdateNorm(i),
                  report.gradientTrustRatio(i)));
    }
    return text.toString();
  }

  static float[] moment(Lamb lamb, Tensor tensor, StateArray moment) {
    FloatBuffer values = FloatBuffer.allocate(tensor.weights.count);
    lamb.readState(tensor.name(), moment, 0, values);
    return values.array();
  }

  static float[] master(Lamb lamb, Tensor tensor) {
    FloatBuffer values = FloatBuffer.allocate(tensor.weights.count);
    lamb.readState(tensor.name(), StateArray.MASTER, 0, values);
    return values.array();
  }

  private static int hash(float[] values) {
    int hash = 1;
    for (float value : values) {
      hash = 31 * hash + Float.floatToIntBits(value);
    }
    return hash;
  }
}
