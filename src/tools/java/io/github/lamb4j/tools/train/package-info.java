/**
 * A training example on real text: classifies WordNet glosses by lexicographer class with LAMB and
 * AdamW. This package trains on the CPU, {@link io.github.lamb4j.tools.train.cuda} on CUDA. They
 * use only the optimizer's public API.
 */
package io.github.lamb4j.tools.train;
