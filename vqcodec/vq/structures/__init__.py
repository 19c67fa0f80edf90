"""Codebook structures: quantizers that are more than a list of codewords.

| name | the index of a vector | what it saves |
| --- | --- | --- |
| `TreeQuantizer` | a leaf of a tree | search: one path down |
| `MultistageQuantizer` | one codeword for each stage, which add up | storage and search |
| `ProductQuantizer` | one codeword for each part of the vector | storage and search |
| `GainShapeQuantizer` | a gain and a unit vector, which are multiplied | storage; it follows loudness and contrast |
| `MeanRemovedQuantizer` | a mean and what is left, which add up | storage; it follows brightness |
| `ClassifiedQuantizer` | a codeword of the class that the vector's activity chooses | search |
| `FiniteStateQuantizer` | a codeword of the state that earlier vectors chose | rate: memory |
| `PredictiveQuantizer` | a codeword for what the last vector does not predict | rate: memory |
| `LatticeQuantizer` | a point of Z, D4 or E8 | storage: none; search: arithmetic |

`vqcodec.vq.structures.design.design_structure` designs any of them. All are exported by `vqcodec.vq`, too.
"""
