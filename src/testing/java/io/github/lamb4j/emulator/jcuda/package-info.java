/** The common parts of the stand-ins for JCuda's classes: pointers, host memory and error codes. */
package io.github.lamb4j.emulator.jcuda;
