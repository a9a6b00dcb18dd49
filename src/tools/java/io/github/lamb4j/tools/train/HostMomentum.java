package io.github.lamb4j.tools.train;

import io.github.lamb4j.schedule.Schedule;
import java.util.EnumMap;
import java.util.Map;

/** SGD with momentum on the CPU, in binary32 and on the calling thread. */
final class HostMomentum implements Stepper {

  private final Map<Layer, float[]> values;
  private final Map<Layer, float[]> gradients;
  private final Map<Layer, float[]> velocities = new EnumMap<>(Layer.class);
  private final Schedule schedule;
  private final float momentum;
  private long steps;

  HostMomentum(
      Map<Layer, float[]> values,
      Map<Layer, float[]> gradients,
      Schedule schedule,
      double momentum) {
    this.values = values;
    this.gradients = gradients;
    this.schedule = schedule;
    this.momentum = (float) momentum;
    values.forEach((layer, array) -> velocities.put(layer, new float[array.length]));
  }

  @Override
  public void step() {
    steps++;
    float rate = (float) schedule.at(steps);
    values.forEach(
        (layer, array) -> step(array, gradients.get(layer), velocities.get(layer), rate));
  }

  private void step(float[] values, float[] gradient, float[] velocity, float rate) {
    for (int i = 0; i < values.length; i++) {
      velocity[i] = momentum * velocity[i] + gradient[i];
      values[i] -= rate * velocity[i];
    }
  }

  @Override
  public void addMicroBatch() {
    throw new UnsupportedOperationException("SGD takes a batch whole");
  }
}
