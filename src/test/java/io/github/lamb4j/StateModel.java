package io.github.lamb4j;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.HostArray;
import io.github.lamb4j.model.HostParameter;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.model.StateArray;
import io.github.lamb4j.schedule.Schedule;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A model on the host with all that a state can hold: masters, a model copy, LANS, awkward sizes, a
 * schedule with warmup, two steps that non-finite gradients skip, and a group that is added later.
 * Its gradients are functions of the attempt alone.
 */
public final class StateModel {

  /** So many calls of step(). */
  public static final int ATTEMPTS = 9;

  /** Before this one the last group is added. */
  public static final int ADDED = 4;

  private static final List<Integer> SKIPPED = List.of(2, 6);

  private static final Schedule WARMUP =
      Schedule.linearWarmup(0.02, 3).then(3, Schedule.polynomial(0.02, 0.001, 30, 0.5));

  private final List<ParameterGroup> groups = new ArrayList<>();

  private StateModel() {
    add("plain", Hyperparameters.lamb(WARMUP), f32("w", 4097), f32("empty", 0), f32("one", 1));
    add(
        "half",
        Hyperparameters.lans(WARMUP).withBetas(0.8, 0.99),
        half("h", 2049, DType.F16, DType.BF16),
        half("b", 33, DType.BF16, DType.F32));
    HostParameter copied = f32("c", 300).withModelCopy(HostArray.bf16(new short[300]));
    add("copied", Hyperparameters.adamW(0.003).withDecoupledDecay(true), copied);
    add("later", Hyperparameters.lamb(WARMUP), f32("l", 7), half("m", 5, DType.BF16, DType.F16));
  }

  /** A model with random weights, the same at every call. */
  public static StateModel fresh() {
    StateModel model = new StateModel();
    for (HostParameter parameter : model.parameters()) {
      fill(parameter.weights(), parameter.name().hashCode());
    }
    return model;
  }

  /**
   * What a program brings back itself before an attempt, and nonsense where the optimizer brings it
   * back.
   */
  public StateModel restarted(int attempt) {
    StateModel model = new StateModel();
    for (int i = 0; i < parameters().size(); i++) {
      HostParameter from = parameters().get(i);
      HostParameter to = model.parameters().get(i);
      if (from.hasMaster()) {
        to.weights().halves().put(from.weights().halves());
      } else {
        to.weights().floats().put(from.weights().floats());
        from.modelCopy().ifPresent(c -> to.modelCopy().orElseThrow().halves().put(c.halves()));
      }
    }
    for (HostParameter parameter : parameters(model.groupsBefore(attempt))) {
      if (parameter.hasMaster()) {
        fill(parameter.weights(), 77);
      }
    }
    return model;
  }

  private List<ParameterGroup> groupsBefore(int attempt) {
    return groups.subList(0, attempt > ADDED ? 4 : 3);
  }

  private void add(String name, Hyperparameters hyperparameters, HostParameter... parameters) {
    groups.add(new ParameterGroup(name, hyperparameters, List.of(parameters)));
  }

  private static HostParameter f32(String name, int count) {
    return Parameter.onHost(name, new float[count], new float[count]);
  }

  private static HostParameter half(String name, int count, DType weights, DType gradients) {
    return Parameter.onHost(name, array(weights, count), array(gradients, count));
  }

  private static HostArray array(DType type, int count) {
    return switch (type) {
      case F32 -> HostArray.f32(new float[count]);
      case F16 -> HostArray.f16(new short[count]);
      case BF16 -> HostArray.bf16(new short[count]);
    };
  }

  /** Random numbers; of halves, those of ordinary size. */
  private static void fill(HostArray array, long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < array.count(); i++) {
      float x = (float) (random.nextGaussian() * 0.05);
      switch (array.type()) {
        case F32 -> array.floats().put(i, x);
        case F16 ->
            array.halves().put(i, (short) (0x2000 + random.nextInt(0x0fff) - (i % 2 << 15)));
        case BF16 -> array.halves().put(i, (short) (Float.floatToIntBits(x) >> 16));
      }
    }
  }

  /** All its groups, the later one too. */
  public List<ParameterGroup> groups() {
    return groups;
  }

  private List<HostParameter> parameters() {
    return parameters(groups);
  }

  private static List<HostParameter> parameters(List<ParameterGroup> groups) {
    return groups.stream()
        .flatMap(g -> g.parameters().stream())
        .map(HostParameter.class::cast)
        .toList();
  }

  /** What clips and skips as this model wants it. */
  public static LambBuilder configured(LambBuilder builder) {
    return builder.maxGradNorm(3).nonFiniteGradients(NonFiniteGradients.SKIP);
  }

  /** The optimizer as it is before an attempt. */
  public Lamb build(LambBuilder builder, int attempt) {
    groupsBefore(attempt).forEach(builder::group);
    return configured(builder).build();
  }

  /** Attempts from one to before another. */
  public void run(Lamb lamb, int from, int to) {
    for (int i = from; i < to; i++) {
      if (i == ADDED) {
        lamb.addGroup(groups.get(3));
      }
      attempt(lamb, i);
    }
  }

  /** One attempt with its gradients. */
  public void attempt(Lamb lamb, int attempt) {
    fillGradients(attempt);
    if (SKIPPED.contains(attempt)) {
      parameters().get(0).gradients().floats().put(0, Float.NaN);
    }
    lamb.step();
  }

  /** Gradients that depend only on a number. */
  public void fillGradients(long number) {
    for (HostParameter parameter : parameters()) {
      fill(parameter.gradients(), parameter.name().hashCode() + 1000L * (number + 1));
    }
  }

  /** The gradients of a float32 parameter. */
  public FloatBuffer gradients(String name) {
    return parameters().stream()
        .filter(p -> p.name().equals(name))
        .findFirst()
        .orElseThrow()
        .gradients()
        .floats();
  }

  /** Every bit of weights, copies and state, in one text. */
  public static String bits(Lamb lamb) {
    StringBuilder bits =
        new StringBuilder("step %d skipped %d".formatted(lamb.stepCount(), lamb.skippedSteps()));
    for (HostParameter p : parameters(lamb.groups())) {
      FloatBuffer m = FloatBuffer.allocate((int) p.count());
      FloatBuffer v = FloatBuffer.allocate((int) p.count());
      FloatBuffer master = FloatBuffer.allocate(p.hasMaster() ? (int) p.count() : 0);
      lamb.readState(p.name(), StateArray.FIRST_MOMENT, 0, m);
      lamb.readState(p.name(), StateArray.SECOND_MOMENT, 0, v);
      if (p.hasMaster()) {
        lamb.readState(p.name(), StateArray.MASTER, 0, master);
      }
      bits.append(
          "\n%s w %08x m %08x v %08x master %08x copy %08x"
              .formatted(
                  p.name(),
                  hash(p.weights()),
                  hash(m.flip()),
                  hash(v.flip()),
                  hash(master.flip()),
                  p.modelCopy().map(StateModel::hash).orElse(0)));
    }
    return bits.toString();
  }

  private static int hash(HostArray array) {
    return array.type() == DType.F32 ? hash(array.floats()) : hash(array.halves());
  }

  private static int hash(FloatBuffer values) {
    int hash = 1;
    for (int i = 0; i < values.limit(); i++) {
      hash = 31 * hash + Float.floatToRawIntBits(values.get(i));
    }
    return hash;
  }

  private static int hash(ShortBuffer values) {
    int hash = 1;
    for (int i = 0; i < values.limit(); i++) {
      hash = 31 * hash + values.get(i);
    }
    return hash;
  }
}
