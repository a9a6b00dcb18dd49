package io.github.lamb4j;

import static io.github.lamb4j.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.LoadOption;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.model.StateArray;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A state is loaded by parameter name, into other groups and another order too. */
class StateGroupsTest {

  private static final Hyperparameters LAMB = Hyperparameters.lamb(0.1);

  @TempDir Path directory;
  private Path file;

  @BeforeEach
  void nameFile() {
    file = directory.resolve("state.safetensors");
  }

  /** A program's weights; its gradients depend on the name and the step only. */
  private static final class Program {
    final Map<String, float[]> weights = new HashMap<>();
    final Map<String, float[]> gradients = new HashMap<>();

    Parameter parameter(String name) {
      int count = 3 + name.charAt(0) % 5;
      float[] w = weights.computeIfAbsent(name, key -> new float[count]);
      for (int i = 0; i < count; i++) {
        w[i] = 1 + i * 0.25f + name.charAt(0) * 0.01f;
      }
      gradients.put(name, new float[count]);
      return Parameter.onHost(name, w, gradients.get(name));
    }

    ParameterGroup group(String name, Hyperparameters h, String... parameters) {
      return new ParameterGroup(
          name, h, List.of(parameters).stream().map(this::parameter).toList());
    }

    Lamb build(ParameterGroup... groups) {
      LambBuilder builder = Lamb.onCpu();
      List.of(groups).forEach(builder::group);
      return builder.build();
    }

    void step(Lamb lamb, int step) {
      gradients.forEach(
          (name, g) -> {
            for (int i = 0; i < g.length; i++) {
              g[i] = (float) Math.sin(name.charAt(0) + 7 * i + 13 * step);
            }
          });
      lamb.step();
    }

    void assertSame(Program other) {
      weights.forEach((name, w) -> assertArrayEquals(w, other.weights.get(name), name));
    }
  }

  @Test
  void shouldLoadIntoOtherGroupsInAnotherOrder() throws IOException {
    Program one = new Program();
    Program two = new Program();
    try (Lamb from = one.build(one.group("a", LAMB, "u", "v"), one.group("b", LAMB, "w", "x"));
        Lamb to =
            two.build(
                two.group("c", LAMB, "x"),
                two.group("a", LAMB, "w", "v"),
                two.group("b", LAMB, "u"))) {
      one.step(from, 1);
      one.step(from, 2);
      from.save(file);
      one.weights.forEach((n, w) -> System.arraycopy(w, 0, two.weights.get(n), 0, w.length));
      to.load(file);
      assertEquals(2, to.stepCount());
      for (int step = 3; step <= 5; step++) {
        one.step(from, step);
        two.step(to, step);
      }
      one.assertSame(two);
      for (String name : one.weights.keySet()) {
        int count = one.weights.get(name).length;
        for (StateArray array : StateArray.of(false)) {
          assertArrayEquals(
              Numbers.moment(from, name, array, count), Numbers.moment(to, name, array, count));
        }
      }
    }
  }

  @Test
  void shouldRefuseAGroupOfParametersWithDifferentStepCounts() throws IOException {
    Program one = new Program();
    Program two = new Program();
    Program three = new Program();
    try (Lamb from = one.build(one.group("a", LAMB, "u", "v"));
        Lamb divided =
            two.build(
                two.group("c", LAMB, "v"), two.group("b", LAMB, "w"), two.group("a", LAMB, "u"));
        Lamb mixed = three.build(three.group("a", LAMB, "u"), three.group("c", LAMB, "v", "w"))) {
      one.step(from, 1);
      from.addGroup(one.group("b", LAMB, "w"));
      one.step(from, 2);
      from.save(file);
      assertRefused(
          () -> mixed.load(file, LoadOption.values()),
          "group \"c\": parameter \"v\" has taken 2 steps and parameter \"w\" 1",
          "build with them in different groups");
      assertEquals(0, mixed.stepCount());
      divided.load(file);
      assertEquals(2, divided.stepCount());
      one.weights.forEach((n, w) -> System.arraycopy(w, 0, two.weights.get(n), 0, w.length));
      one.step(from, 3);
      two.step(divided, 3);
      one.assertSame(two);
    }
  }

  @Test
  void shouldNameTheParameterWhoseHyperparametersDiffer() throws IOException {
    Program one = new Program();
    Hyperparameters plain = LAMB.withWeightDecay(0);
    try (Lamb from = one.build(one.group("a", LAMB, "u"), one.group("b", plain, "v"));
        Lamb to = one.build(one.group("c", LAMB, "u", "v"));
        Lamb slower =
            one.build(
                one.group("c", LAMB.withLearningRate(0.2), "u"), one.group("b", plain, "v"))) {
      one.step(from, 1);
      from.save(file);
      assertRefused(
          () -> to.load(file),
          "group \"c\": parameter \"v\": weightDecay was 0.0 and is 0.01 here");
      to.load(file, LoadOption.OTHER_HYPERPARAMETERS);
      assertRefused(
          () -> slower.load(file),
          "group \"c\": parameter \"u\": learningRate of step 1 was 0.1 and is 0.2 here",
          "setLearningRate(\"c\", 0.1)");
    }
  }
}
