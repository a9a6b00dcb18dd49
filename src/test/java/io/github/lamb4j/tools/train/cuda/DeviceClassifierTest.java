package io.github.lamb4j.tools.train.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.LayerAdaptation;
import io.github.lamb4j.schedule.Schedule;
import io.github.lamb4j.tools.train.Classifier;
import io.github.lamb4j.tools.train.CpuTraining;
import io.github.lamb4j.tools.train.Examples;
import io.github.lamb4j.tools.train.Layer;
import io.github.lamb4j.tools.train.ModelShape;
import io.github.lamb4j.tools.train.Stepper;
import io.github.lamb4j.tools.train.TrainingBackend;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Trains a small classifier on the device: the emulated one, through the stand-ins for JCuda's
 * classes, or with {@code mvn verify -Pgpu} a GPU with cuBLAS.
 */
@Tag("jcuda")
@Tag("gpu")
@EnabledIfSystemProperty(named = "lamb4j.device", matches = "stand-ins|gpu")
class DeviceClassifierTest {

  private static final boolean GPU = "gpu".equals(System.getProperty("lamb4j.device"));

  private static final ModelShape SHAPE = new ModelShape(64, 6, 10, 5);
  private static final int BATCH = 16;
  private static final int EPOCHS = 3;

  /** The last batch is shorter, and the first example has no tokens. */
  private static final Examples.Split DATA = new Examples.Split(examples(1, 40), examples(2, 21));

  private static final int[] ORDER = order(40);

  /**
   * The tolerance for weights after all steps. Both sides sum in binary32, in different orders, so
   * gradients differ by some 1e-7 of their size. Where a gradient is near zero, the first steps of
   * LAMB, which divide it by its own size, amplify that.
   */
  private static final float CLOSE = 1e-4f;

  // Tokens correlate with the class, so that there is something to learn.
  private static Examples examples(long seed, int count) {
    Random random = new Random(seed);
    int[][] tokens = new int[count][];
    int[] labels = new int[count];
    for (int i = 0; i < count; i++) {
      int label = random.nextInt(SHAPE.classes());
      labels[i] = label;
      tokens[i] = random.ints(i == 0 ? 0 : 1 + random.nextInt(8), 0, 12).map(t -> t * 5).toArray();
      if (i > 0) {
        tokens[i][0] = label;
      }
    }
    return new Examples(tokens, labels);
  }

  private static int[] order(int count) {
    int[] order = new int[count];
    for (int i = 0; i < count; i++) {
      order[i] = i * 7 % count;
    }
    return order;
  }

  /** The result of a training run. */
  private record Outcome(float[][] weights, double[] losses, int[] predicted) {}

  private static Outcome trainWithLamb(TrainingBackend backend) {
    Hyperparameters weights = Hyperparameters.lamb(0.05).withWeightDecay(0.01);
    Hyperparameters biases = weights.withWeightDecay(0).withLayerAdaptation(LayerAdaptation.NEVER);
    try (backend;
        Classifier model = backend.classifier(SHAPE, BATCH, 3, DATA);
        Lamb optimizer = model.optimizer(weights, biases).build()) {
      return train(model, Stepper.of(optimizer));
    }
  }

  private static Outcome trainWithMomentum(TrainingBackend backend) {
    try (backend;
        Classifier model = backend.classifier(SHAPE, BATCH, 3, DATA)) {
      return train(model, model.momentum(Schedule.linearWarmup(0.5, 4), 0.9));
    }
  }

  private static Outcome train(Classifier model, Stepper optimizer) {
    double[] losses = new double[EPOCHS];
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
      model.startEpoch(ORDER);
      for (int from = 0; from < ORDER.length; from += BATCH) {
        int to = Math.min(ORDER.length, from + BATCH);
        model.differentiate(from, to, to - from);
        optimizer.step();
      }
      losses[epoch] = model.epochLoss();
    }
    float[][] values = Arrays.stream(Layer.values()).map(model::values).toArray(float[][]::new);
    return new Outcome(values, losses, model.predictHeldOut());
  }

  /** cuBLAS is not part of the driver: on a GPU without it, the test is skipped with the reason. */
  @BeforeEach
  void requireCublas() {
    try {
      new CudaTraining().close();
    } catch (IllegalStateException e) {
      assumeFalse(GPU && e.getMessage().contains("is not installed"), e.getMessage());
      throw e;
    }
  }

  @Test
  void shouldGiveTheSameBitsTwiceAndFollowTheCpu() {
    assertFollowsTheCpu(DeviceClassifierTest::trainWithLamb);
  }

  @Test
  void shouldFollowTheCpuWithMomentum() {
    assertFollowsTheCpu(DeviceClassifierTest::trainWithMomentum);
  }

  private static void assertFollowsTheCpu(Function<TrainingBackend, Outcome> train) {
    Outcome first = train.apply(new CudaTraining());
    Outcome second = train.apply(new CudaTraining());
    Outcome cpu = train.apply(new CpuTraining(2));
    // assertArrayEquals without a delta compares bits
    for (int i = 0; i < cpu.weights().length; i++) {
      assertArrayEquals(first.weights()[i], second.weights()[i]);
      assertArrayEquals(cpu.weights()[i], first.weights()[i], CLOSE, Layer.values()[i].label());
    }
    assertArrayEquals(first.losses(), second.losses());
    assertArrayEquals(cpu.losses(), first.losses(), 1e-4);
    assertArrayEquals(first.predicted(), second.predicted());
    assertArrayEquals(cpu.predicted(), first.predicted());
    assertTrue(
        first.losses()[EPOCHS - 1] < 0.9 * first.losses()[0],
        "losses " + Arrays.toString(first.losses()));
  }
}
