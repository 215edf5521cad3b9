
¢ÎèÕïöÔ:ì
$9b1d6a6e-0000-4000-8000-000000000001Pharmacy "Nord"$9b1d6a6e-0000-4000-8000-000000000002"boxes:box 1B70B3D57ED00A0B0CJ
fCntnot this one *Item expired25
queue_item_id$6d3f0a52-7b0e-4b6c-9a51-2f1c8f3f2c12