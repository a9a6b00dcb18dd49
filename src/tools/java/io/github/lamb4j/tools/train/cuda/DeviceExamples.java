package io.github.lamb4j.tools.train.cuda;

import io.github.lamb4j.tools.train.Examples;
import jcuda.driver.CUdeviceptr;

/**
 * Examples on the device.
 *
 * @param tokens the tokens of all examples
 * @param starts the place of each example's first token, and the number of all tokens at the end
 * @param labels the class of each example
 */
record DeviceExamples(CUdeviceptr tokens, CUdeviceptr starts, CUdeviceptr labels) {

  static DeviceExamples of(Examples examples, DeviceMemory memory) {
    int[] starts = new int[examples.size() + 1];
    for (int i = 0; i < examples.size(); i++) {
      starts[i + 1] = Math.addExact(starts[i], examples.tokens()[i].length);
    }
    int[] tokens = new int[starts[examples.size()]];
    for (int i = 0; i < examples.size(); i++) {
      int[] source = examples.tokens()[i];
      System.arraycopy(source, 0, tokens, starts[i], source.length);
    }
    return new DeviceExamples(
        memory.copyOf(tokens), memory.copyOf(starts), memory.copyOf(examples.labels()));
  }
}
