drop table supplier_products;
